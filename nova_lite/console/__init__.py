# SPDX-License-Identifier: Apache-2.0
"""The proxies between websockets and guests' consoles."""
