# SPDX-License-Identifier: Apache-2.0
"""Puts nova-lite-api together: the Compute API and the embedded services.

The only place where core code and the embedded services meet.
"""
