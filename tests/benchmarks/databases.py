"""The two databases, each with a schema of djnb's and a connection of the plain driver to the same place."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
import pymysql

import djnb
from tests.servers import private_mariadb

SCHEMA = "djnb_test_benchmark"

Row = tuple[int, float, str, datetime]


class Database(ABC):
    """A database, reached by djnb and by hand."""

    name: str
    """As it is printed."""

    driver: str
    """What one would use by hand."""

    place: str
    """What stands for a bound value."""

    has_arrow: bool = False
    """Whether connectorx reads from it."""

    plain: Any
    """The plain driver's connection: autocommit, but for ``begin``."""

    def __init__(self, url: str) -> None:
        self.connection = djnb.Connection(url)
        self.schema = djnb.Schema(SCHEMA, connection=self.connection)
        self.url = url

    def table(self, declared: Any) -> str:
        """Return a table's name in SQL."""
        return self.connection.dialect.table(declared.name)

    @abstractmethod
    def begin(self) -> None:
        """Open a transaction."""

    @abstractmethod
    def storable(self, rows: Sequence[Row]) -> Sequence[tuple[Any, ...]]:
        """Return rows as the plain driver takes them."""

    @abstractmethod
    def frame(self, rows: Sequence[tuple[Any, ...]], names: list[str]) -> pd.DataFrame:
        """Return fetched rows as a DataFrame with times in the last one of the names."""

    def send(self, sql: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """Send one statement."""
        cursor = self.plain.cursor()
        cursor.execute(sql.replace("?", self.place), values)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        cursor.close()
        return rows

    def empty(self, table: str) -> None:
        """Remove all rows of a table, without work that goes on after that."""
        self.send(f"DELETE FROM {table}")

    def send_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Send one statement for many rows, in one transaction."""
        self.begin()
        cursor = self.plain.cursor()
        cursor.executemany(sql.replace("?", self.place), rows)
        cursor.close()
        self.plain.commit()

    def close(self) -> None:
        """Drop the schema and close both connections."""
        self.plain.close()
        self.connection.drop_schema(SCHEMA)
        self.connection.close()


class SQLite(Database):
    """A file."""

    name, driver, place = "SQLite", "sqlite3", "?"

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.plain = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for setting in ("synchronous = NORMAL", "foreign_keys = ON"):
            self.plain.execute(f"PRAGMA {setting}")

    def begin(self) -> None:
        self.plain.execute("BEGIN IMMEDIATE")

    def storable(self, rows: Sequence[Row]) -> Sequence[tuple[Any, ...]]:
        # Python's own adapter of times is deprecated, so who writes this by hand writes text.
        return [(number, value, label, moment.isoformat(" ")) for number, value, label, moment in rows]

    def frame(self, rows: Sequence[tuple[Any, ...]], names: list[str]) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=names)
        frame[names[-1]] = pd.to_datetime(frame[names[-1]])
        return frame


class MySQL(Database):
    """A MariaDB server, over PyMySQL."""

    name, driver, place = "MariaDB", "PyMySQL", "%s"
    has_arrow = True

    def __init__(self, url: str) -> None:
        super().__init__(url)
        parts = urlsplit(url)
        self.plain = pymysql.connect(
            host=parts.hostname or "",
            port=parts.port or 0,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            autocommit=True,
        )

    def begin(self) -> None:
        self.plain.begin()

    def empty(self, table: str) -> None:
        self.send(f"TRUNCATE TABLE {table}")  # rows that are deleted are cleared away while others are measured

    def storable(self, rows: Sequence[Row]) -> Sequence[tuple[Any, ...]]:
        return rows

    def frame(self, rows: Sequence[tuple[Any, ...]], names: list[str]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=names)


@contextmanager
def opened(backend: str, folder: Path) -> Iterator[Database]:
    """Give a database that goes away afterwards: a file in the folder, or a MariaDB server of its own."""
    if backend == "sqlite":
        with closing(SQLite(f"sqlite:///{folder / 'benchmark.sqlite'}")) as database:
            yield database
    else:
        with private_mariadb() as url, closing(MySQL(url)) as database:
            yield database
