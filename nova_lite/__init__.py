# SPDX-License-Identifier: Apache-2.0
"""nova-lite: a light compute controller with the OpenStack Compute API."""
