# SPDX-License-Identifier: Apache-2.0
"""The servers that tests start: fresh, apart, and back with their data."""

from __future__ import annotations

import queue

import kombu
import pytest
import sqlalchemy
from amqp.exceptions import AccessRefused

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures.database import DatabaseServer


def _connect(url: str) -> kombu.Connection:
    connection = kombu.Connection(url.replace("rabbit://", "amqp://", 1))
    connection.connect()
    return connection


def test_each_database_is_empty_and_works(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (i INTEGER)"))
    assert sqlalchemy.inspect(engine).get_table_names() == ["t"]
    engine.dispose()


def test_a_restarted_database_keeps_what_was_committed(
    own_mariadb: DatabaseServer,
) -> None:
    url = own_mariadb.fresh_url()
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (i INTEGER)"))
    engine.dispose()
    own_mariadb.restart()
    assert sqlalchemy.inspect(engine).get_table_names() == ["t"]
    engine.dispose()


def test_virtual_hosts_are_apart(rabbitmq: RabbitNode) -> None:
    first = rabbitmq.add_vhost("apart-1")
    second = rabbitmq.add_vhost("apart-2")
    with _connect(first) as one, _connect(second) as two:
        one.SimpleQueue("q").put("hello")
        with pytest.raises(queue.Empty):
            two.SimpleQueue("q").get(block=False)
        assert one.SimpleQueue("q").get(timeout=5).payload == "hello"


def test_broker_has_no_guest_account(rabbitmq: RabbitNode) -> None:
    port = rabbitmq.identity.amqp_port
    guest = kombu.Connection(f"amqp://guest:guest@127.0.0.1:{port}//")
    with pytest.raises(AccessRefused):
        guest.connect()


def test_broker_keeps_durable_messages_and_its_address(
    own_rabbitmq: RabbitNode,
) -> None:
    url = own_rabbitmq.transport_url()
    with _connect(url) as connection:
        connection.SimpleQueue("kept").put("still here")
    own_rabbitmq.stop()
    assert not own_rabbitmq.is_running()
    own_rabbitmq.start()
    assert own_rabbitmq.transport_url() == url
    with _connect(url) as connection:
        message = connection.SimpleQueue("kept").get(timeout=10)
        assert message.payload == "still here"


def test_a_running_broker_is_taken_up(rabbitmq: RabbitNode) -> None:
    other = RabbitNode(rabbitmq.directory)
    other.start(timeout_s=60)
    assert other.transport_url() == rabbitmq.transport_url()
    assert other.is_running()


def test_private_files_are_private(rabbitmq: RabbitNode) -> None:
    assert rabbitmq.directory.stat().st_mode & 0o077 == 0
    for name in ("identity.json", "rabbitmq.conf", ".erlang.cookie"):
        assert (rabbitmq.directory / name).stat().st_mode & 0o077 == 0
