# SPDX-License-Identifier: Apache-2.0
"""The version, read from the package's metadata: it stands once."""

from __future__ import annotations

from importlib import metadata

# Raised with each change of what services store or say to one another;
# shown by nova-lite-manage service list, used to pin RPC versions.
SERVICE_VERSION = 1


def string() -> str:
    """The version of the installed package, such as ``0.1.0``."""
    return metadata.version("nova-lite")
