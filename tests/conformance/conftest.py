"""What several files share: databases for tests that only read, and recordings to populate from."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator

import numpy as np
import pytest

import djnb
import djnb as dj
from djnb.events import (
    KeyFailed,
    KeyFinished,
    KeySkipped,
    KeyStarted,
    PopulateFinished,
    PopulateStarted,
)
from tests import servers
from tests.conformance.classes import declare_table
from tests.conformance.crew import Crew, Origin
from tests.conformance.recordings import insert_mean
from tests.conformance.wire import wire_to
from tests.conftest import SCHEMA_PREFIX


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def shared_connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[djnb.Connection]:
    """Give a connection for all tests of a file, once on each backend."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'test.sqlite'}"
    else:
        url = request.getfixturevalue("mysql_url")
    with djnb.Connection(url) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared_schema(shared_connection: djnb.Connection) -> Iterator[djnb.Schema]:
    """Give a schema for all tests of a file."""
    schema = djnb.Schema(SCHEMA_PREFIX + secrets.token_hex(4), connection=shared_connection)
    yield schema
    shared_connection.drop_schema(schema.name)


@pytest.fixture
def declare(schema):
    """Give `declare_table` for the schema of the test; another one may be named."""

    def declare(*given, schema=schema, **named):
        return declare_table(schema, *given, **named)

    return declare


@pytest.fixture
def Mouse(declare):
    """An empty table, with which the connection is acquainted."""
    Mouse = declare("Mouse", 'mouse : int32\n---\nname = "" : varchar(20)')
    Mouse.to_dicts()  # what the database holds is known from here on
    return Mouse


@pytest.fixture
def Recording(schema):
    """Three recordings of four samples."""

    @schema
    class Recording(dj.Manual):
        definition = """
        recording_id : int32
        ---
        session_date : date
        data : longblob
        """

    Recording.insert(
        [
            {"recording_id": 3, "session_date": "2024-03-03", "data": np.full(4, 3.0)},
            {"recording_id": 1, "session_date": "2023-01-01", "data": np.full(4, 1.0)},
            {"recording_id": 2, "session_date": "2024-02-02", "data": np.full(4, 2.0)},
        ]
    )
    return Recording


@pytest.fixture
def computed(schema, Recording):
    """Give a function that declares `Result`, a table over Recording, with the `make` and the members given."""

    def declare(make=None, *, tier=dj.Computed, **members):
        members = {"definition": "-> Recording\n---\nvalue : float64", **members}
        if make is not None:
            members["make"] = make
        cls = schema(type("Result", (tier,), members), context={"Recording": Recording})
        (Recording * cls).to_dicts()  # what the database holds is known from here on
        return cls

    return declare


@pytest.fixture
def Result(computed, Recording):
    """A table that holds the mean of each recording."""
    return computed(insert_mean, recording=Recording)


@pytest.fixture
def wire(mysql_url):
    """A wire to the server, which can be cut; what tests have made behind it is dropped without it."""
    with wire_to(mysql_url) as wire:
        yield wire
    for (name,) in servers.run_statement(mysql_url, r"SHOW DATABASES LIKE 'djnb\_test\_%'"):
        servers.run_statement(mysql_url, f"DROP DATABASE IF EXISTS `{name}`", before="SET foreign_key_checks = 0")


@pytest.fixture
def each_alone():
    """Every key is kept by itself, as long ones are."""
    with dj.config.override(jobs__keep_interval=0):
        yield


@pytest.fixture
def heard(connection):
    """Give the populate's events as they come: kind, key."""
    events = []
    kinds = (PopulateStarted, KeyStarted, KeyFinished, KeySkipped, KeyFailed, PopulateFinished)
    with connection.bus.subscribed(events.append, *kinds):
        yield events


@pytest.fixture
def signals_of_a_terminal():
    """SIGINT and SIGTERM do what they do in a terminal; what is started in the background ignores SIGINT."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def origin():
    """The process that the processes of tests are forked from."""
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture
def crew(origin, tmp_path):
    """Processes to be started by a test; none outlives it."""
    crew = Crew(origin, tmp_path)
    yield crew
    crew.close()


@pytest.fixture
def store(tmp_path):
    """A store in a local folder, called `main`; the default one."""
    folder = tmp_path / "store"
    folder.mkdir()
    dj.config.stores["main"] = {"protocol": "file", "location": str(folder)}
    dj.config.stores["default"] = "main"
    return folder
