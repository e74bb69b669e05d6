# SPDX-License-Identifier: Apache-2.0
"""What nova-lite-all is made of: its private broker and its children.

Runs in the nova-lite-all process only, on native threads; imports no
daemon code, no database and no messaging library, to stay small.
"""
