# SPDX-License-Identifier: Apache-2.0
"""Boots, deletes and reads: what a running cloud does for its users."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

from bench.cloud import Cloud
from bench.http import Answer
from bench.usage import Count, Counters, cpu_s

Figures = dict[str, float]

_CLIENTS = 8
_SINGLE = 30
_COUNTED = 11
_MANY = 100
_POLL_S = 0.005
_PATIENCE_S = 120.0


def wait(condition: Callable[[], bool], what: str, pause_s: float) -> None:
    """Poll; the pause is three times the poll, so that polling is cheap."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        begun = time.monotonic()
        if condition():
            return
        if begun > deadline:
            raise RuntimeError(f"not within {_PATIENCE_S:.0f} s: {what}")
        time.sleep(max(pause_s, 3 * (time.monotonic() - begun)))


def boot(cloud: Cloud, name: str) -> tuple[str, float]:
    """A server that is ACTIVE: its id, and the seconds it took."""
    begun = time.perf_counter()
    made = cloud.clients.post("/servers", cloud.server(name))
    ident: str = made["server"]["id"]
    while (status := _status(cloud, ident)) == "BUILD":
        time.sleep(_POLL_S)
    if status != "ACTIVE":
        raise RuntimeError(f"server {ident} is in {status}")
    return ident, time.perf_counter() - begun


def _status(cloud: Cloud, ident: str) -> str:
    found = cloud.clients.get(f"/servers/{ident}")
    status: str = found["server"]["status"]
    return status


def delete(cloud: Cloud, ident: str) -> float:
    """Delete a server; the seconds until it answers 404."""
    begun = time.perf_counter()
    cloud.clients.send("DELETE", f"/servers/{ident}")
    while cloud.clients.send("GET", f"/servers/{ident}").status != 404:
        time.sleep(_POLL_S)
    return time.perf_counter() - begun


def ids(cloud: Cloud, query: str = "") -> list[str]:
    """ids of the servers that a query finds."""
    found = cloud.clients.get(f"/servers?limit=1000{query}")["servers"]
    return [server["id"] for server in found]


def one_at_a_time(cloud: Cloud) -> Figures:
    """Boot and delete with nothing else going on."""
    delete(cloud, boot(cloud, "warm")[0])
    booted = [boot(cloud, f"one-{n}") for n in range(_SINGLE)]
    gone = [delete(cloud, ident) for ident, _ in booted]
    return {
        "boot_p50": _median_ms(took for _, took in booted),
        "delete_p50": _median_ms(gone),
    }


def counted(cloud: Cloud, counters: Counters) -> Figures:
    """Statements and messages of one boot and one delete: medians.

    No question is asked in between. What the daemons do by themselves
    falls into few of the intervals, so the medians are without it.
    """

    def measure(request: bytes) -> Count:
        before = counters.read()
        cloud.clients.rush([request], 1)
        time.sleep(0.5)
        return counters.read().since(before)

    delete(cloud, boot(cloud, "warm")[0])
    booted = [
        measure(
            cloud.clients.request("POST", "/servers", cloud.server(f"c-{n}"))
        )
        for n in range(_COUNTED)
    ]
    made = ids(cloud, "&status=ACTIVE")
    if len(made) != _COUNTED:
        raise RuntimeError(f"{len(made)} of {_COUNTED} became ACTIVE")
    deleted = [
        measure(cloud.clients.request("DELETE", f"/servers/{ident}"))
        for ident in made
    ]
    return {
        "sql_boot": statistics.median(count.sql for count in booted),
        "amqp_boot": statistics.median(count.amqp for count in booted),
        "sql_delete": statistics.median(count.sql for count in deleted),
        "amqp_delete": statistics.median(count.amqp for count in deleted),
    }


def many(cloud: Cloud) -> tuple[float, float]:
    """100 servers by 8 clients: servers/s, and CPU s to boot and delete."""
    cpu = cpu_s(cloud.pids())
    begun = time.perf_counter()
    cloud.clients.rush(
        [
            cloud.clients.request("POST", "/servers", cloud.server(f"b-{n}"))
            for n in range(_MANY)
        ],
        _CLIENTS,
    )
    _wait_active(cloud, _MANY)
    rate = _MANY / (time.perf_counter() - begun)
    clear(cloud)
    return rate, (cpu_s(cloud.pids()) - cpu) / _MANY


def fifty(cloud: Cloud) -> float:
    """One request for 50 servers: seconds until all are ACTIVE."""
    begun = time.perf_counter()
    cloud.clients.post("/servers", cloud.server("fifty", 50))
    _wait_active(cloud, 50)
    took = time.perf_counter() - begun
    clear(cloud)
    return took


def fill(cloud: Cloud, count: int) -> None:
    """Have ``count`` servers."""
    while (have := len(ids(cloud))) < count:
        size = min(100, count - have)
        cloud.clients.post("/servers", cloud.server(f"f-{have}", size))
        _wait_active(cloud, have + size)


def clear(cloud: Cloud) -> None:
    """Delete every server."""
    requests = [
        cloud.clients.request("DELETE", f"/servers/{ident}")
        for ident in ids(cloud)
    ]
    cloud.clients.rush(requests, _CLIENTS)
    wait(lambda: not ids(cloud), "no servers", 0.05)


def lists(cloud: Cloud, count: int) -> float:
    """Milliseconds of GET /servers/detail with this many servers."""
    fill(cloud, count)
    path = "/servers/detail?limit=1000"
    answers = _one_by_one(cloud, path, 12)
    shown = len(answers[0].json["servers"])
    if shown != count:
        raise RuntimeError(f"{shown} servers are shown, not {count}")
    return _median_ms(answer.took_s for answer in answers)


def reads(cloud: Cloud) -> Figures:
    """One server and the flavors: milliseconds, and answers per second."""
    show = f"/servers/{ids(cloud)[0]}"
    one = _one_by_one(cloud, show, 200)
    return {
        "show_p50": _median_ms(answer.took_s for answer in one),
        "show_rate": _rate(cloud, show),
        "flavors_rate": _rate(cloud, "/flavors"),
    }


def _one_by_one(cloud: Cloud, path: str, count: int) -> list[Answer]:
    request = cloud.clients.request("GET", path)
    cloud.clients.rush([request] * 2, 1)
    return cloud.clients.rush([request] * count, 1)


def _rate(cloud: Cloud, path: str, count: int = 2000) -> float:
    request = cloud.clients.request("GET", path)
    cloud.clients.rush([request] * 50, _CLIENTS)
    begun = time.perf_counter()
    cloud.clients.rush([request] * count, _CLIENTS)
    return count / (time.perf_counter() - begun)


def _wait_active(cloud: Cloud, count: int) -> None:
    def active() -> bool:
        if len(ids(cloud, "&status=ACTIVE")) >= count:
            return True
        if ids(cloud, "&status=ERROR"):
            raise RuntimeError("a server is in ERROR")
        return False

    wait(active, f"{count} servers ACTIVE", 0.05)


def _median_ms(seconds: Iterable[float]) -> float:
    return statistics.median(seconds) * 1000
