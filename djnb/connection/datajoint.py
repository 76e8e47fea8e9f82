"""What DataJoint's connections answer besides, for programs that ask it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from djnb.backends.base import Address, Answer
from djnb.backends.cursor import Cursor
from djnb.connection.sessions import Sessions
from djnb.connection.transactions import Transactions
from djnb.sql.statement import Statement


class DataJointWords:
    """Methods of a connection that DataJoint has, in the place of which djnb has others or needs none."""

    # Those of Connection, which derives from this class.
    _sessions: Sessions
    _transactions: Transactions

    if TYPE_CHECKING:

        @property
        def address(self) -> Address: ...  # noqa: D102 -- Connection says it

        @property
        def is_connected(self) -> bool: ...  # noqa: D102 -- Connection says it

        def execute(self, statement: Statement) -> Answer: ...  # noqa: D102 -- Connection says it

    def start_transaction(self) -> None:
        """Open a transaction of this thread; `transaction` in a ``with`` block ends it by itself."""
        self._transactions.start()

    def commit_transaction(self) -> None:
        """Keep what was done since `start_transaction`."""
        self._transactions.commit()

    def cancel_transaction(self) -> None:
        """Undo what was done since `start_transaction`."""
        self._transactions.cancel()

    def query(self, query: str, args: Sequence[Any] = (), *, as_dict: bool = False) -> Cursor:
        """
        Send a statement in SQL of your own and return its answer, for what djnb has no word for.

        Parameters
        ----------
        query : str
            In the database's own SQL, with its own places for values: ``%s`` on a server, ``?`` in a file.
        args : sequence
            The values, in the order of their places; they are bound, never written into the text.
        as_dict : bool
            Give rows as dicts.

        Raises
        ------
        DataJointError
            As for ``execute``.
        """
        return Cursor(self.execute(Statement(query, tuple(args))), as_dict=as_dict)

    @property
    def conn_info(self) -> dict[str, Any]:
        """Where the database is, without the password."""
        return {"host": self.address.host, "port": self.address.port, "user": self.address.user}

    def get_user(self) -> str:
        """Return the account at the server, ``user@host``; for a file, an empty text."""
        return f"{self.address.user}@{self.address.host}" if self.address.host else ""

    def ping(self) -> None:
        """
        Ask the database for a sign of life.

        Raises
        ------
        LostConnectionError
            It gives none.
        """
        if not self.is_connected:
            raise self._sessions.lost("does not answer")

    def set_query_cache(self, query_cache: str | None = None) -> None:
        """Do nothing: results are not cached. DataJoint's word, for programs that say it."""
