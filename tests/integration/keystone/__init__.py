# SPDX-License-Identifier: Apache-2.0
"""The daemons with a real Keystone and a real Glance."""
