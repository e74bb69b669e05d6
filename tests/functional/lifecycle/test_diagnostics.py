# SPDX-License-Identifier: Apache-2.0
"""Diagnostics, events of other services, usage audits: to hosts and back."""

from __future__ import annotations

from typing import Any

from tests.fixtures.cloud import Cloud, wait_until


def test_diagnostics(cloud: Cloud) -> None:
    ident = cloud.boot("observed")
    path = f"/servers/{ident}/diagnostics"

    own = cloud.admin.get(path, version="2.47")
    shared = cloud.admin.get(path, version="2.48")

    assert own["memory"] == 64 * 1024
    assert own["cpu0_time"] > 0
    assert shared.pop("uptime") >= 0
    assert shared == {
        "state": "running",
        "driver": "libvirt",
        "hypervisor": "fake",
        "hypervisor_os": "linux",
        "config_drive": False,
        "num_cpus": 1,
        "num_nics": 0,
        "num_disks": 1,
        "memory_details": {"maximum": 64, "used": 64},
        "cpu_details": [
            {"id": 0, "time": own["cpu0_time"], "utilisation": None}
        ],
        "disk_details": [
            {
                "read_bytes": own["vda_read"],
                "read_requests": own["vda_read_req"],
                "write_bytes": own["vda_write"],
                "write_requests": own["vda_write_req"],
                "errors_count": own["vda_errors"],
            }
        ],
        "nic_details": [],
    }
    assert cloud.tenant.send("GET", path).status_code == 403


def test_a_guest_that_does_not_run_has_none(cloud: Cloud) -> None:
    def asked_while_built() -> bool:
        ident = cloud.create(
            "unfinished", cloud.admin, availability_zone="nova:compute-slow"
        )
        path = f"/servers/{ident}/diagnostics"

        def answer_of_the_host() -> tuple[int, str] | None:
            answer = cloud.admin.send("GET", path)
            # Before it has a host, it is another refusal.
            early = "power state" not in answer.text
            if answer.status_code == 409 and early:
                return None
            return answer.status_code, answer.text

        status, said = wait_until(
            answer_of_the_host, 30, "the host has begun with the guest"
        )
        cloud.wait_status(ident, "ACTIVE")
        if status == 200:
            return False  # it was done before we came
        assert status == 409, said
        assert "power state pending" in said
        return True

    wait_until(asked_while_built, 60, "a guest was asked for too early")


def test_events_of_other_services_reach_the_host(cloud: Cloud) -> None:
    ident = cloud.boot("told", cloud.admin)
    host = cloud.server(ident)["OS-EXT-SRV-ATTR:host"]
    service = cloud.new_user("neutron", "service", "service")
    event = {
        "server_uuid": ident,
        "name": "network-vif-plugged",
        "tag": "some-port",
    }

    answer = service.send(
        "POST", "/os-server-external-events", {"events": [event]}
    )

    assert answer.status_code == 200, answer.text
    told = f"Nobody waits for network-vif-plugged some-port of {ident}"
    wait_until(
        lambda: cloud[host].says(told),
        30,
        "the host has got the event",
    )


def test_a_host_audits_the_period_that_is_over(cloud: Cloud) -> None:
    def audit() -> dict[str, Any] | None:
        shown = cloud.admin.get("/os-instance_usage_audit_log")
        found = shown["instance_usage_audit_logs"]
        return found if "compute-slow" in found["log"] else None

    found = wait_until(audit, 30, "the host has logged its audit")

    log = found["log"]["compute-slow"]
    assert (log["state"], log["instances"], log["errors"]) == ("DONE", 0, 0)
    assert set(found["hosts_not_run"]) == {"compute-1", "compute-2"}
    assert found["overall_status"] == "1 of 3 hosts done. 0 errors."
