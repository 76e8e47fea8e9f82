"""
For the tests of your own pipeline: a database that goes away, a schema that goes away, one key made, events kept.

Nothing here needs pytest; in its fixtures, `yield` from within the blocks::

    @pytest.fixture(autouse=True)
    def database():
        with testing.temporary_database():
            lab.schema.activate("lab")
            yield

    def test_means():
        lab.Recording.insert1({"recording_id": 1, "data": np.arange(4.0)})

        assert [{"recording_id": 1, "value": 1.5}] == testing.populate_key(lab.Mean, {"recording_id": 1})
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from djnb.connection import Connection
from djnb.connection.default import as_default
from djnb.errors import MakeError, PopulateError
from djnb.events import Event
from djnb.schemas import Schema
from djnb.tables.autopopulate import AutoPopulate

__all__ = ["populate_key", "recorded", "temporary_database", "temporary_schema"]


@contextmanager
def temporary_database() -> Iterator[Connection]:
    """
    Give a connection to an empty database, a file that is removed after the block.

    Within the block it is the connection that schemas use which are not given another, so that the modules of a
    pipeline can be activated in it as they are.
    """
    # Where the block leaves a process behind that has the file open, Windows does not let it go.
    with tempfile.TemporaryDirectory(prefix="djnb-", ignore_cleanup_errors=True) as folder:
        path = Path(folder, "test.sqlite").as_posix()
        with Connection(f"sqlite:///{path}") as connection, as_default(connection):
            yield connection


@contextmanager
def temporary_schema(connection: Connection | None = None, *, prefix: str = "djnb_test_") -> Iterator[Schema]:
    """
    Give an empty schema, which is dropped after the block with all that was declared in it.

    Parameters
    ----------
    connection : Connection, optional
        Where; by default in a file of its own.
    prefix : str
        What its name begins with; the rest is random. On a server, begin it as your account's databases begin.
    """
    if connection is None:
        with temporary_database() as own, temporary_schema(own, prefix=prefix) as schema:
            yield schema
        return
    schema = Schema(prefix + secrets.token_hex(4), connection=connection)
    try:
        yield schema
    finally:
        connection.drop_schema(schema.name)


@contextmanager
def recorded(connection: Connection, *kinds: type[Event]) -> Iterator[list[Any]]:
    """
    Keep the events of a connection that happen within the block, in a list that grows meanwhile.

    Parameters
    ----------
    connection : Connection
        Whose.
    *kinds : type
        Of ``djnb.events``; none for all.

    Examples
    --------
    >>> from djnb.events import RowsInserted
    >>> with recorded(connection, RowsInserted) as events:
    ...     Mean.populate()
    >>> events
    [RowsInserted(table='`lab`.`__mean`', count=1)]
    """
    heard: list[Any] = []
    with connection.bus.subscribed(heard.append, *kinds):
        yield heard


def populate_key(
    table: AutoPopulate | type[AutoPopulate], key: Mapping[str, Any], make_kwargs: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """
    Make one key, as ``populate`` does it, and return the table's rows of it, as dicts.

    Parameters
    ----------
    table : Imported or Computed table
        Whose ``make`` is tried.
    key : mapping
        What of the primary key names one row of the key source.
    make_kwargs : mapping, optional
        Further arguments for ``make``.

    Raises
    ------
    Exception
        What ``make`` raises, as it raises it; nothing of the key is kept then.
    EmptyMakeError
        ``make`` inserted no row for its key.
    PopulateError
        The key names no row of the key source, or several, or the table has the key already.
    """
    name = table.__name__ if isinstance(table, type) else type(table).__name__
    done, total = table.progress(dict(key), display=False)
    if total != 1:
        raise PopulateError(
            f"{dict(key)} names {total or 'no'} keys of the key source of `{name}`.",
            remedy="Give more of the primary key." if total else "Insert what it follows from first.",
        )
    if done:
        raise PopulateError(f"`{name}` has the key {dict(key)} already.", remedy="Delete it first.")
    try:
        table.populate(dict(key), make_kwargs=make_kwargs)
    except MakeError as error:
        if error.__cause__ is None:
            raise
        raise error.__cause__ from None
    rows: list[dict[str, Any]] = (table & dict(key)).to_dicts()
    return rows
