# SPDX-License-Identifier: Apache-2.0
"""Passwords and files that wait in the database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oslo_config import cfg

from nova_lite import conf, exception, rpc, sealed
from nova_lite.compute import injection

CONF = cfg.CONF
URL = "rabbit://nova:{}@one:5672,nova:{}@two:5672/"


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    conf.register_opts(CONF)
    CONF([], project="nova_lite", default_config_files=[])
    rpc.passwords()  # registers transport_url
    yield
    CONF.reset()
    CONF.clear()


def _broker(first: str, second: str) -> None:
    CONF.set_override("transport_url", URL.format(first, second))


def test_what_is_sealed_is_read_again_and_not_seen() -> None:
    _broker("pw", "pw")
    text = injection.seal("Secret-1", [("/etc/motd", "aGVsbG8=")])
    assert sealed.unseal(text) == {
        "admin_pass": "Secret-1",
        "files": [["/etc/motd", "aGVsbG8="]],
    }
    assert "Secret-1" not in text
    assert text != injection.seal("Secret-1", [("/etc/motd", "aGVsbG8=")])


def test_hosts_may_name_the_brokers_in_any_order() -> None:
    _broker("one", "two")
    text = sealed.seal({"a": 1})
    _broker("two", "one")
    assert sealed.unseal(text) == {"a": 1}


def test_another_password_is_a_sentence() -> None:
    _broker("pw", "pw")
    text = sealed.seal({"a": 1})
    _broker("other", "other")
    with pytest.raises(exception.SecretsUnreadable, match="secrets_key"):
        sealed.unseal(text)


def test_the_option_goes_before_the_brokers_password() -> None:
    CONF.set_override("secrets_key", "shared")
    _broker("pw", "pw")
    text = sealed.seal({"a": 1})
    _broker("other", "other")
    assert sealed.unseal(text) == {"a": 1}


def test_policy_of_an_image_that_is_none_is_refused() -> None:
    assert injection.needs_drive(False, {}, ()) is False
    assert injection.needs_drive(False, {"img_config_drive": "mandatory"}, ())
    with pytest.raises(exception.InvalidInput, match="'maybe' is invalid"):
        injection.needs_drive(True, {"img_config_drive": "maybe"}, ())
