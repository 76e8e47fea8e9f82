"""DataJoint and djnb side by side on one server: the same modules run in both worlds."""

from __future__ import annotations

import importlib
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import djnb
from tests import peers, servers
from tests.conftest import SCHEMA_PREFIX, absent


class Own:
    """djnb, asked as `peers.Peer` is asked."""

    def run(self, script: str, /, **arguments: Any) -> Any:
        """Run a function of a module in `peers.BOTH` with djnb in DataJoint's place."""
        module, _, function = script.rpartition(".")
        return getattr(importlib.import_module(module), function)(djnb, **arguments)


def _python(name: str, packages: tuple[str, ...]) -> Path:
    try:
        return peers.environment(name, packages)
    except peers.PeerError as error:
        return Path(absent(f"No {packages[0]}: {error}", "DJNB_TEST_REQUIRE_PEERS"))


@pytest.fixture(scope="session")
def datajoint_2(mysql_url: str) -> peers.Peer:
    """Give DataJoint 2.3.5 at the server."""
    return peers.current(_python("datajoint-2", peers.CURRENT), mysql_url)


@pytest.fixture(scope="session")
def datajoint_0_14(mysql_url: str) -> peers.Peer:
    """Give DataJoint 0.14.9 at the server."""
    return peers.classic(_python("datajoint-0.14", peers.CLASSIC), mysql_url)


@pytest.fixture
def own(mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    """Give djnb at the server."""
    monkeypatch.setattr(sys, "path", [str(peers.BOTH), *sys.path])
    with djnb.connect(mysql_url):
        yield Own()


def _new_name(mysql_url: str) -> Iterator[str]:
    schema = SCHEMA_PREFIX + secrets.token_hex(4)
    yield schema
    servers.run_statement(mysql_url, f"DROP DATABASE IF EXISTS `{schema}`", before="SET foreign_key_checks = 0")


@pytest.fixture
def name(mysql_url: str) -> Iterator[str]:
    """Give the name of a schema that is not there; it is dropped afterwards."""
    yield from _new_name(mysql_url)


@pytest.fixture
def other_name(mysql_url: str) -> Iterator[str]:
    """Give the name of another schema."""
    yield from _new_name(mysql_url)


@pytest.fixture
def statement(mysql_url: str) -> Callable[[str], list[tuple[Any, ...]]]:
    """Give a function that asks the server itself."""
    return lambda sql: servers.run_statement(mysql_url, sql)
