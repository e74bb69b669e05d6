# SPDX-License-Identifier: Apache-2.0
"""Messages: what is sent, what is received, what was promised.

rpc_contract.json freezes the names, arguments and versions. A change without
a new version fails here; ``make golden`` writes the file anew.
"""

from __future__ import annotations

import inspect
import json
import os
import pathlib
import re
from typing import Any

import pytest

from nova_lite import objects
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.conductor import rpcapi as conductor_rpcapi
from nova_lite.netd import rpcapi as netd_rpcapi
from nova_lite.objects.base import NovaObject, NovaObjectRegistry
from nova_lite.scheduler import rpcapi as scheduler_rpcapi

CONTRACT = pathlib.Path(__file__).with_name("rpc_contract.json")
# Not arguments of the message: where and how it is sent.
ROUTING = {"self", "context", "host", "timeout_s", "server"}
# A client's own methods that send.
SENT_BY = {"cast": "cast", "call": "call", "_act": "cast", "_console": "call"}

PAIRS = {
    "compute": (
        compute_rpcapi.ComputeAPI,
        "nova_lite.compute.manager:ComputeManager",
    ),
    "conductor": (
        conductor_rpcapi.ConductorAPI,
        "nova_lite.conductor.manager:ConductorManager",
    ),
    "compute_task": (
        conductor_rpcapi.ComputeTaskAPI,
        "nova_lite.conductor.manager:ComputeTaskManager",
    ),
    "netd": (
        netd_rpcapi.NetdAPI,
        "nova_lite.netd.manager:NetdManager",
    ),
    "scheduler": (
        scheduler_rpcapi.SchedulerAPI,
        "nova_lite.scheduler.manager:SchedulerManager",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def options() -> None:
    """The managers' decorators read options when they are imported."""
    from oslo_config import cfg

    from nova_lite import conf

    conf.register_opts(cfg.CONF)


def manager_of(path: str) -> Any:
    import importlib

    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)


def messages(client: Any) -> dict[str, Any]:
    """method -> {"kind": cast|call, "arguments": [...]} of an rpcapi."""
    found = {}
    for name, method in vars(client).items():
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        source = inspect.getsource(method)
        sent = re.search(rf"self\.({'|'.join(SENT_BY)})\(", source)
        assert sent, f"{name} neither casts nor calls"
        found[name] = {
            "kind": SENT_BY[sent.group(1)],
            "arguments": sorted(
                set(inspect.signature(method).parameters) - ROUTING
            ),
        }
    return found


def surface() -> dict[str, Any]:
    made = {}
    for name, (client, path) in PAIRS.items():
        made[name] = {
            "version": manager_of(path).target.version,
            "messages": messages(client),
        }
    return made


def wire() -> dict[str, Any]:
    """Each versioned object: its version, fields and remote methods."""
    objects.register_all()
    made = {}
    for name, (newest, *_) in NovaObjectRegistry.obj_classes().items():
        # Libraries' objects (os-vif's) share the registry when imported.
        if not issubclass(newest, NovaObject):
            continue
        methods = {
            method: str(inspect.signature(getattr(newest, method).original_fn))
            for method in dir(newest)
            if getattr(getattr(newest, method), "remotable", False)
        }
        made[name] = {
            "version": newest.VERSION,
            "fields": {
                name: type(field).__name__ + "?" * field.nullable
                for name, field in newest.fields.items()
            },
            "methods": methods,
        }
    return made


@pytest.mark.parametrize("name", PAIRS)
def test_manager_takes_what_rpcapi_sends(name: str) -> None:
    client, path = PAIRS[name]
    manager = manager_of(path)
    for method, message in messages(client).items():
        receiver = getattr(manager, method)
        accepted = set(inspect.signature(receiver).parameters)
        assert set(message["arguments"]) == accepted - {"self", "context"}


def test_contract_is_kept() -> None:
    present = {**surface(), "objects": wire()}
    if os.environ.get("NOVA_LITE_GOLDEN") == "rewrite":
        CONTRACT.write_text(json.dumps(present, indent=2, sort_keys=True))
    promised = json.loads(CONTRACT.read_text())
    assert present == promised, (
        "Messages changed: raise the version in manager and rpcapi, say so "
        "in the rpcapi's docstring, then run make golden."
    )
