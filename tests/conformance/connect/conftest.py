"""A server with an account of few privileges, a port without anybody, and no connection to begin with."""

from __future__ import annotations

import secrets
import socket
from urllib.parse import quote, urlsplit

import pytest

from tests.conformance.connect.said import PASSWORD


@pytest.fixture(autouse=True)
def _no_default_connection(monkeypatch):
    """No test leaves its connection to the next."""
    monkeypatch.setattr("djnb.connection.default._connection", None)


@pytest.fixture
def set_environment(monkeypatch):
    """Give a function that sets environment variables and has the settings read anew."""

    def set_environment(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("djnb.settings._config", None)

    return set_environment


@pytest.fixture
def free_port():
    """Give a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(mysql_url):
    """Give host and port of the server."""
    return urlsplit(mysql_url).netloc.rpartition("@")[2]


@pytest.fixture
def user(mysql_admin, server):
    """Give an account without privileges, whose password is PASSWORD; it goes away with the test."""
    name = "djnb_test_" + secrets.token_hex(4)
    mysql_admin(f"CREATE USER '{name}'@'%%' IDENTIFIED BY %s", (PASSWORD,))
    yield name
    mysql_admin(f"DROP USER '{name}'@'%'")


@pytest.fixture
def login(server):
    """Give a function that returns the address of the server for a user."""

    def login(name, password=PASSWORD):
        return f"mysql://{name}:{quote(password, safe='')}@{server}"

    return login
