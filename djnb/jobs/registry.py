"""
The registry of a schema's workers, ``~workers``: who may hold jobs there.

A worker is one life of one process. Its number is drawn when it registers and is never used again, whatever host,
process or connection has which number by then.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from importlib.metadata import PackageNotFoundError, version

from djnb.backends.liveness import Liveness
from djnb.connection import Connection
from djnb.declaration.declare import create, make_spec
from djnb.model.definition import parse_definition
from djnb.model.naming import TableName
from djnb.sql.workers import WorkerWords

_DEFINITION = """
worker : int64
---
host = "" : varchar(255)
pid = 0 : int64
user = "" : varchar(255)
version = "" : varchar(64)
connection_id = 0 : int64
started : datetime(3)
heartbeat : datetime(3)
"""

_BITS = 62
"""Random bits of a worker's number: positive in a column of 64."""

_LONGEST = 255
"""Characters that the columns for hosts and users hold, here and in job tables."""

_LABEL = "the registry of workers"


def registry_of(schema: str) -> TableName:
    """Return the table in which the workers of a schema are registered."""
    return TableName(schema, "~workers")


def declare_registry(connection: Connection, schema: str) -> None:
    """
    Create the registry if it is not there.

    Raises
    ------
    AccessError
        The user may not create tables there.
    TransactionError
        A transaction is open, which creating a table would end on a server.
    """
    name = registry_of(schema)
    if connection.catalogue.table(name) is not None:
        return
    connection.check_outside_transaction(f"The registry of workers of the schema '{schema}' cannot be declared")
    definition = parse_definition(_DEFINITION, table=_LABEL)
    create(connection, make_spec(name, definition, {}, connection.dialect, label=_LABEL), _LABEL)


def register(connection: Connection, liveness: Liveness, schema: str) -> int:
    """
    Register this process as a worker and return its number; its sign of life is there before.

    Raises
    ------
    DatabaseError
        The registry cannot be written.
    """
    declare_registry(connection, schema)
    while True:
        worker = secrets.randbits(_BITS) | 1
        connection_id = liveness.hold(worker, connection.execute)
        if connection_id is not None:
            break
    who = host_name(), os.getpid(), user_of(connection), _version(), connection_id
    liveness.execute(words_of(liveness, schema).register(worker, *who))
    return worker


def words_of(liveness: Liveness, schema: str) -> WorkerWords:
    """Return what is said of the workers of a schema."""
    return WorkerWords(liveness.dialect, registry_of(schema))


def host_name() -> str:
    """Return what this machine is called where it is noted who is at work."""
    return socket.gethostname()[:_LONGEST]


def user_of(connection: Connection) -> str:
    """Return who is at work: the account at the server, or the user of this computer."""
    if connection.address.user:
        return connection.address.user[:_LONGEST]
    try:
        return getpass.getuser()[:_LONGEST]
    except (KeyError, OSError):  # a container may run as a number without a name
        return ""


def _version() -> str:
    try:
        return version("djnb")[:64]
    except PackageNotFoundError:
        return ""
