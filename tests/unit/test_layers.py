# SPDX-License-Identifier: Apache-2.0
"""Imports go downward only: the house's layers, read off the import graph."""

from __future__ import annotations

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = ROOT / "nova_lite"

# The longest prefix that fits says the layer.
LAYERS = {
    # 0: what everything may use, the constants of states among it
    "nova_lite": 0,
    "nova_lite.version": 0,
    "nova_lite.rpc": 0,
    "nova_lite.baserpc": 0,
    "nova_lite.exception": 0,
    "nova_lite.sealed": 0,
    "nova_lite.fault_points": 0,
    "nova_lite.hooks": 0,
    "nova_lite.context": 0,
    "nova_lite.conf": 0,
    "nova_lite.config": 0,
    "nova_lite.concurrency": 0,
    "nova_lite.wsgi_server": 0,
    "nova_lite.compute": 0,
    "nova_lite.compute.power_state": 0,
    "nova_lite.compute.vm_states": 0,
    "nova_lite.compute.task_states": 0,
    "nova_lite.compute.transitions": 0,
    "nova_lite.compute.request": 0,
    "nova_lite.compute.locks": 0,
    "nova_lite.compute.power_sync": 0,
    "nova_lite.compute.audit_period": 0,
    "nova_lite.network.addressing": 0,
    "nova_lite.network.errors": 0,
    "nova_lite.network.group_errors": 0,
    "nova_lite.network.group_rules": 0,
    "nova_lite.network.model": 0,
    "nova_lite.network.router_errors": 0,
    "nova_lite.network.wanted": 0,
    "nova_lite.conductor": 0,
    "nova_lite.conductor.running": 0,
    # 1
    "nova_lite.notifications": 1,
    "nova_lite.objects": 1,
    "nova_lite.metadata": 1,
    "nova_lite.policies": 1,
    "nova_lite.policy": 1,
    "nova_lite.quota": 1,
    "nova_lite.db": 1,
    "nova_lite.rest": 1,
    # 2: the ports
    "nova_lite.image": 2,
    "nova_lite.network": 2,
    "nova_lite.virt": 2,
    # 3: what sends messages
    "nova_lite.compute.rpcapi": 3,
    "nova_lite.conductor.rpcapi": 3,
    "nova_lite.conductor.api": 3,
    "nova_lite.scheduler": 3,
    "nova_lite.scheduler.rpcapi": 3,
    "nova_lite.scheduler.client": 3,
    "nova_lite.netd.rpcapi": 3,
    # 4: the work
    "nova_lite.netd": 4,
    "nova_lite.operation": 4,
    "nova_lite.compute.api": 4,
    "nova_lite.compute.acting": 4,
    "nova_lite.compute.disk_api": 4,
    "nova_lite.compute.guest_api": 4,
    "nova_lite.compute.resize_api": 4,
    "nova_lite.compute.aggregate_api": 4,
    "nova_lite.compute.begin": 4,
    "nova_lite.compute.cache": 4,
    "nova_lite.compute.console_api": 4,
    "nova_lite.compute.consoles": 4,
    "nova_lite.compute.create": 4,
    "nova_lite.compute.deferred_delete": 4,
    "nova_lite.compute.diagnostics": 4,
    "nova_lite.compute.events": 4,
    "nova_lite.compute.host_api": 4,
    "nova_lite.compute.info_cache": 4,
    "nova_lite.compute.injection": 4,
    "nova_lite.compute.instance_events": 4,
    "nova_lite.compute.interface_api": 4,
    "nova_lite.compute.labels": 4,
    "nova_lite.compute.live_migration": 4,
    "nova_lite.compute.marks": 4,
    "nova_lite.compute.network_news": 4,
    "nova_lite.compute.network_requests": 4,
    "nova_lite.compute.operations": 4,
    "nova_lite.compute.plugging": 4,
    "nova_lite.compute.ports": 4,
    "nova_lite.compute.provisioning": 4,
    "nova_lite.compute.rebuild": 4,
    "nova_lite.compute.reclaim": 4,
    "nova_lite.compute.revival": 4,
    "nova_lite.compute.server_image": 4,
    "nova_lite.compute.shelved": 4,
    "nova_lite.compute.unshelving": 4,
    "nova_lite.compute.usage_audit": 4,
    "nova_lite.compute.reconcile": 4,
    "nova_lite.compute.resize": 4,
    "nova_lite.compute.resource_tracker": 4,
    "nova_lite.compute.virtapi": 4,
    "nova_lite.conductor.sweep": 4,
    "nova_lite.conductor.tasks": 4,
    "nova_lite.conductor.unfinished_images": 4,
    "nova_lite.scheduler.extra_specs": 4,
    "nova_lite.scheduler.filters": 4,
    "nova_lite.scheduler.host_manager": 4,
    "nova_lite.scheduler.host_state": 4,
    "nova_lite.scheduler.selection": 4,
    "nova_lite.scheduler.utils": 4,
    "nova_lite.scheduler.weights": 4,
    # 5: what receives requests and messages
    "nova_lite.api": 5,
    "nova_lite.manager": 4,
    "nova_lite.compute.endpoints": 5,
    "nova_lite.compute.manager": 5,
    "nova_lite.conductor.manager": 5,
    "nova_lite.netd.manager": 5,
    "nova_lite.scheduler.manager": 5,
    "nova_lite.console": 5,
    # 6: processes
    "nova_lite.service": 6,
    "nova_lite.servicegroup": 5,
    "nova_lite.doctor": 6,
    "nova_lite.supervisor": 6,
    "nova_lite.embedded": 6,
    "nova_lite.cmd": 6,
}

# Groups of one layer that must not know one another.
SIBLINGS = [
    ("nova_lite.image", "nova_lite.virt"),
    ("nova_lite.api", "nova_lite.compute.endpoints"),
    ("nova_lite.api", "nova_lite.compute.manager"),
    ("nova_lite.compute", "nova_lite.scheduler.selection"),
    ("nova_lite.compute", "nova_lite.scheduler.host_manager"),
    ("nova_lite.conductor", "nova_lite.scheduler.selection"),
    ("nova_lite.conductor", "nova_lite.scheduler.host_manager"),
    ("nova_lite.conductor", "nova_lite.scheduler.utils"),
]

# Processes without a database, by what they start with.
NO_DATABASE = (
    "nova_lite.compute.manager",
    "nova_lite.console",
    "nova_lite.netd",
    "nova_lite.virt",
    "nova_lite.image",
    "nova_lite.compute.operations",
)
ALL = sorted(PACKAGE.rglob("*.py"))


def name_of(path: pathlib.Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> int:
    while module not in LAYERS:
        module = module.rpartition(".")[0]
    return LAYERS[module]


def imports_of(path: pathlib.Path) -> set[str]:
    """Modules of nova_lite that a file imports, at any depth of its code."""
    found = set()
    known = {name_of(other) for other in ALL}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in known else node.module)
    return {name for name in found if name in known}


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_imports_go_downward(path: pathlib.Path) -> None:
    module = name_of(path)
    upward = {
        other
        for other in imports_of(path)
        if layer_of(other) > layer_of(module)
    }
    assert not upward, f"{module} imports upward: {sorted(upward)}"


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_siblings_do_not_know_one_another(path: pathlib.Path) -> None:
    module = name_of(path)
    for one, other in SIBLINGS:
        for here, there in ((one, other), (other, one)):
            if module.startswith(here):
                met = {
                    name for name in imports_of(path) if name.startswith(there)
                }
                assert not met, f"{module} imports {sorted(met)}"


def test_compute_reaches_no_database() -> None:
    """Follow the imports from compute: nova_lite.db is nowhere."""
    by_name = {name_of(path): imports_of(path) for path in ALL}
    seen: set[str] = set()
    waiting = [name for name in by_name if name.startswith(NO_DATABASE)]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        waiting += by_name[module]
    assert not {name for name in seen if name.startswith("nova_lite.db")}


def test_every_layer_is_a_module_that_exists() -> None:
    assert set(LAYERS) <= {name_of(path) for path in ALL}
