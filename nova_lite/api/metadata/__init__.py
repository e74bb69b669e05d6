# SPDX-License-Identifier: Apache-2.0
"""The metadata service: what a guest reads at http://169.254.169.254.

Runs in the API process, on a port of its own. A request comes from the proxy
of the guest's network, which says in signed headers whose it is.
"""
