# SPDX-License-Identifier: Apache-2.0
"""Other services over REST: whose token, which address, and how."""
