"""What every backend offers: an address, a driver for each thread, and knowledge of what the database holds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from djnb.errors import AccessError, DataJointError, SettingsError
from djnb.model.naming import TableName
from djnb.model.privileges import Privileges
from djnb.model.spec import ForeignKey, TableSpec
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

if TYPE_CHECKING:
    from djnb.backends.liveness import Liveness


@dataclass(frozen=True)
class Address:
    """
    Where a database is. Its text never shows the password.

    Attributes
    ----------
    scheme : str
        The kind of database.
    path : str
        Of a file.
    host, user : str
        Of a server.
    port : int
        Of a server.
    password : str or None
        Kept out of every text.
    """

    scheme: str
    path: str = ""
    host: str = ""
    port: int = 3306
    user: str = ""
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """
        Read an address.

        Raises
        ------
        SettingsError
            The path of a file is missing, or the port is not a number. The message leaves out the password.
        """
        scheme, _, rest = url.partition(":")
        if scheme == "sqlite":
            path = rest.removeprefix("//").removeprefix("/")
            if not path or path == ":memory:":
                raise SettingsError(
                    "The address of the SQLite database names no file.",
                    remedy="Write `sqlite:///pipeline.sqlite`, or `sqlite:////data/pipeline.sqlite` from the root.",
                )
            return cls(scheme, path=unquote(path))
        # What urlsplit says may repeat a part of the password, so its error is not raised on.
        try:
            parts = urlsplit(url)
            port = parts.port or 3306
            is_read = bool(parts.netloc)
        except ValueError:
            is_read = False
        if not is_read:
            raise SettingsError(
                f"The address of the {scheme} server cannot be read.",
                remedy=f"Write `{scheme}://user@host:3306`; percent-encode special characters of a password.",
            )
        return cls(
            scheme,
            host=parts.hostname or "localhost",
            port=port,
            user=unquote(parts.username or ""),
            password=None if parts.password is None else unquote(parts.password),
        )

    def __str__(self) -> str:
        if self.path:
            return f"{self.scheme}:///{self.path}"
        return f"{self.scheme}://{self.user + '@' if self.user else ''}{self.host}:{self.port}"


class Answer(NamedTuple):
    """What a statement gave: its rows, how many rows it changed, and the names of the columns of what it read."""

    rows: Sequence[tuple[Any, ...]]
    affected: int
    names: tuple[str, ...] = ()


Execute = Callable[[Statement], Answer]


class Driver(Protocol):
    """One connection of one thread, on top of a database's own library. Autocommit, but for ``begin``."""

    @property
    def in_transaction(self) -> bool:
        """Whether the database says that a transaction is open."""
        ...

    def execute(self, sql: str, params: Sequence[Any]) -> Answer:
        """Send one statement and take its whole answer."""
        ...

    def execute_together(self, statements: Sequence[Statement]) -> list[Answer]:
        """
        Send small statements that belong together, in one journey if the database is far, and take their answers.

        After an error, the first one is raised; on a server, those after it may have been carried out all the same.
        """
        ...

    @property
    def is_isolated(self) -> bool:
        """Whether others may write while an answer is read on this connection, and the answer stays as it was."""
        ...

    def number(self) -> int:
        """Return the number by which the database knows the connection; 0 for a file."""
        ...

    def stream(self, sql: str, params: Sequence[Any]) -> Generator[tuple[Any, ...]]:
        """
        Send one statement that reads and yield the rows of its answer as they are wanted.

        Nothing else may be sent before the answer is read to its end. To close the generator earlier may cost the
        connection.
        """
        ...

    def message_limit(self) -> int | None:
        """Return how many bytes the statement for one row may have; None if that does not matter."""
        ...

    def fetch_arrow(self, sql: str) -> Any:
        """
        Return the answer to a SELECT without values as an Arrow table, of what is committed.

        None where the database has no driver for that, or where it fails: `execute` then does it, or tells why not.
        """
        ...

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Send one statement for many rows, in as few messages as the database takes."""
        ...

    def version(self) -> int | None:
        """Return the number of a file's state, another one after others have written into it; None on a server."""
        ...

    def begin(self) -> str:
        """Open a transaction that will write; return the statement that did it."""
        ...

    def commit(self) -> None:
        """Keep the transaction."""
        ...

    def rollback(self) -> None:
        """Undo the transaction, if the database has not done so itself."""
        ...

    @property
    def has_been_told(self) -> bool:
        """Whether the database has said something unasked, as a server does that ends a connection; costs nothing."""
        ...

    def ping(self) -> bool:
        """Tell whether the connection still answers."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Backend(Protocol):
    """A database: how to reach it, how to speak to it, what it holds."""

    address: Address
    dialect: Dialect

    def connect(self) -> Driver:
        """Open a connection for the calling thread; raises an error of ``DatabaseError``'s kinds."""
        ...

    def liveness(self, *, lease: float) -> Liveness:
        """
        Return what shows others that this process lives; nothing is connected yet.

        Parameters
        ----------
        lease : float
            Seconds after which a server ends the connection of a process that is out of reach.
        """
        ...

    def translate(self, error: Exception, sql: str) -> DataJointError | None:
        """Return djnb's error for one that the driver raised; None for errors that are not the database's."""
        ...

    def explain(self, error: AccessError, sql: str, execute: Execute) -> AccessError:
        """Return an error that says whom the privilege is missing to, and which statement would grant it."""
        ...

    def load_privileges(self, execute: Execute) -> Privileges:
        """Return what the user may do where."""
        ...

    def size_on_disk(self, execute: Execute, name: str) -> int:
        """Return how many bytes the tables of a schema and their indexes take, hidden tables among them."""
        ...

    def list_schemas(self, execute: Execute) -> list[str]:
        """Return the names of the schemas there are."""
        ...

    def create_schema(self, execute: Execute, name: str) -> None:
        """Create a schema if it is not there."""
        ...

    def drop_schema(self, execute: Execute, name: str, tables: list[TableName]) -> None:
        """Drop a schema with these tables, children before parents."""
        ...

    def load_schema(self, execute: Execute, name: str) -> dict[str, TableSpec] | None:
        """Return all tables of a schema by name, in one statement; None if there is no such schema."""
        ...

    def load_references(self, execute: Execute) -> list[ForeignKey]:
        """Return the foreign keys of all schemas that the user can see, in one statement."""
        ...
