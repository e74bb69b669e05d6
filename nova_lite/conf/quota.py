# SPDX-License-Identifier: Apache-2.0
"""[quota]: the limits of projects that have none of their own."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("quota", title="Quotas")

_MAX = 0x7FFFFFFF


def _limit(name: str, default: int, what: str) -> cfg.IntOpt:
    return cfg.IntOpt(
        name,
        default=default,
        min=-1,
        max=_MAX,
        help=f"{what} A limit of the project, or of the quota class "
        '"default", comes before this one. -1 is no limit, 0 allows none.',
    )


OPTS = [
    _limit(
        "instances",
        10,
        "Servers of a project, those in ERROR among them.",
    ),
    _limit("cores", 20, "VCPUs of a project's servers, together."),
    _limit("ram", 51200, "MiB of memory of a project's servers, together."),
    _limit("metadata_items", 128, "Metadata items of one server or image."),
    _limit("injected_files", 5, "Files that a request may inject."),
    _limit(
        "injected_file_content_bytes",
        10240,
        "Bytes in one injected file.",
    ),
    _limit(
        "injected_file_path_length",
        255,
        "Characters in the path of one injected file.",
    ),
    _limit("key_pairs", 100, "Key pairs of a user, over all projects."),
    _limit("server_groups", 10, "Server groups of a project."),
    _limit(
        "server_group_members",
        10,
        "Servers that a user may have in one server group.",
    ),
]
