# SPDX-License-Identifier: Apache-2.0
"""What nova-lite-all reads, writes for its children, and starts."""

from __future__ import annotations

import configparser
import http.server
import os
import threading
from pathlib import Path

import pytest

from nova_lite import exception
from nova_lite.supervisor import stack, system


def _load(tmp_path: Path, text: str, *options: str) -> stack.Settings:
    file = tmp_path / "nova_lite.conf"
    file.write_text(f"[DEFAULT]\nstate_path = {tmp_path}/state\n{text}")
    return stack.load_settings(["--config-file", str(file), *options])


def _read(path: Path) -> configparser.RawConfigParser:
    assert path.stat().st_mode & 0o077 == 0, f"{path} is not private"
    parser = configparser.RawConfigParser(interpolation=None)
    parser.read(path)
    return parser


def test_an_empty_file_gives_everything_of_its_own(tmp_path: Path) -> None:
    settings = _load(tmp_path, "host = h\n")
    assert settings.own_broker
    assert settings.own_identity
    assert settings.own_service_user
    assert settings.api_url == "http://127.0.0.1:8774"
    assert settings.instances_path == tmp_path / "state" / "instances"


def test_what_is_configured_is_used_as_it_is(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        "transport_url = rabbit://u:p@h:5672/\n[api]\nauth_strategy = keystone"
        "\n[service_user]\nauth_url = http://k:5000\n",
    )
    assert not settings.own_broker
    assert not settings.own_identity
    stack.prepare_state(settings)
    stack.write_generated(settings, None)
    common = _read(settings.state / "generated" / "common.conf")
    assert common.sections() == []
    assert not common.defaults()


def test_generated_secrets_are_private_and_stay(tmp_path: Path) -> None:
    settings = _load(tmp_path, "")
    stack.prepare_state(settings)
    passwords = set()
    for _ in range(2):
        stack.write_generated(settings, "rabbit://u:p@127.0.0.1:1/v")
        common = _read(settings.state / "generated" / "common.conf")
        url = common.defaults()["transport_url"]
        assert url == "rabbit://u:p@127.0.0.1:1/v"
        passwords.add(common["service_user"]["password"])
    assert len(passwords) == 1


def test_each_of_several_computes_has_a_host_of_its_own(
    tmp_path: Path,
) -> None:
    settings = _load(tmp_path, "host = h\n", "--computes", "3")
    stack.prepare_state(settings)
    stack.write_generated(settings, None)
    specs = {s.name: s for s in stack.child_specs(settings)}
    for number in (1, 2, 3):
        command = specs[f"compute-{number}"].command
        own = _read(Path(command[-1])).defaults()
        assert own["host"] == f"h-{number}"
        assert own["instances_path"].endswith(f"/instances/h-{number}")
    assert "compute" not in specs


def test_secrets_are_in_no_command_line(tmp_path: Path) -> None:
    settings = _load(tmp_path, "", "--computes", "2")
    stack.prepare_state(settings)
    stack.write_generated(settings, "rabbit://u:hidden@127.0.0.1:1/v")
    for spec in stack.child_specs(settings):
        assert "hidden" not in " ".join(spec.command)


def test_those_who_ask_stop_before_those_who_answer(tmp_path: Path) -> None:
    specs = stack.child_specs(_load(tmp_path, ""))
    ranks = {spec.name: spec.stop_rank for spec in specs}
    assert ranks["api"] == ranks["compute"] < ranks["scheduler"]
    assert ranks["scheduler"] < ranks["conductor"]


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8774"),
        ("::", "http://127.0.0.1:8774"),
        ("::1", "http://[::1]:8774"),
        ("10.0.0.7", "http://10.0.0.7:8774"),
    ],
)
def test_the_url_of_the_api(tmp_path: Path, address: str, url: str) -> None:
    settings = _load(tmp_path, f"[api]\nlisten = {address}\n")
    assert settings.api_url == url


def test_a_wrong_option_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(exception.ConfigurationError, match="port"):
        _load(tmp_path, "[api]\nport = 99999999\n")


def test_a_state_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    with pytest.raises(exception.ConfigurationError, match="state_path"):
        stack.prepare_state(_load(tmp_path, ""))


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False)])
def test_the_api_is_ready_when_it_says_so(
    tmp_path: Path, status: int, well: bool
) -> None:
    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/healthz"
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return None

    with http.server.HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        text = f"[api]\nport = {server.server_port}\n"
        assert stack.api_answers(_load(tmp_path, text)) is well
        thread.join()


def test_nobody_listening_is_not_ready(tmp_path: Path) -> None:
    text = f"[api]\nport = {system.free_port()}\n"
    assert not stack.api_answers(_load(tmp_path, text))


def test_proxies_run_for_guests_that_have_consoles(tmp_path: Path) -> None:
    serial = "[serial_console]\nenabled = True\n"
    for text, wanted in (
        ("compute_driver = libvirt\n", {"novncproxy"}),
        (f"compute_driver = libvirt\n{serial}", {"novncproxy", "serialproxy"}),
        ("compute_driver = libvirt\n[vnc]\nenabled = False\n", set()),
        (f"compute_driver = fake\n{serial}", set()),
    ):
        specs = stack.child_specs(_load(tmp_path, text))
        names = {spec.name for spec in specs}
        assert {n for n in names if n.endswith("proxy")} == wanted


_NETWORK = "[api]\nembedded_services = identity,image,network\n"


def _common(settings: stack.Settings) -> configparser.RawConfigParser:
    stack.prepare_state(settings)
    stack.write_generated(settings, None)
    return _read(settings.state / "generated" / "common.conf")


def test_network_and_metadata_of_this_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    where = "metadata_listen = 0.0.0.0\nmetadata_port = 1234\n"
    settings = _load(tmp_path, f"compute_driver = libvirt\n{_NETWORK}{where}")
    assert "netd" in {spec.name for spec in stack.child_specs(settings)}
    secrets = set()
    for _ in range(2):
        common = _common(settings)
        assert common["api"]["metadata"] == "True"
        assert common["neutron"]["service_metadata_proxy"] == "True"
        assert common["netd"]["nova_metadata_host"] == "127.0.0.1"
        assert common["netd"]["nova_metadata_port"] == "1234"
        secrets.add(common["neutron"]["metadata_proxy_shared_secret"])
    (secret,) = secrets
    assert len(secret) >= 20
    kept = settings.state / "metadata-secret"
    assert kept.stat().st_mode & 0o077 == 0


def test_secret_of_the_user_stays_his(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    own = "[neutron]\nmetadata_proxy_shared_secret = his\n"
    settings = _load(tmp_path, f"compute_driver = libvirt\n{_NETWORK}{own}")
    neutron = _common(settings)["neutron"]
    assert "metadata_proxy_shared_secret" not in neutron


@pytest.mark.parametrize(
    ("text", "user"),
    [
        (f"compute_driver = fake\n{_NETWORK}", 0),
        (f"compute_driver = libvirt\n{_NETWORK}", 1000),
        (
            "compute_driver = libvirt\n[api]\n"
            "embedded_services = identity,image\n",
            0,
        ),
    ],
)
def test_no_network_of_this_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, user: int
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    settings = _load(tmp_path, text)
    assert "netd" not in {spec.name for spec in stack.child_specs(settings)}
    assert "neutron" not in _common(settings).sections()
