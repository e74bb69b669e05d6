# SPDX-License-Identifier: Apache-2.0
"""Checks of a host and of what nova-lite needs on it.

Called by nova-lite-status. One small function a check: it takes plain
values, looks, and returns findings; it never changes anything.
"""
