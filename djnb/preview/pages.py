"""The rows of a query page by page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from djnb.algebra.nodes import Node
from djnb.algebra.order import read_order
from djnb.connection import Connection
from djnb.layout import Preview
from djnb.preview.page import check_limit, preview
from djnb.rows.fetch import count
from djnb.settings import get_config

OrderBy = str | Iterable[str] | None


class Pages:
    """
    A query as a book of pages, open at one of them: turned, sorted, and shown as that page.

    The rows are those of the moment at which a page is shown. They are counted once, and again by `recount`; so a
    page costs one statement.

    Parameters
    ----------
    connection : Connection
        Answers the query.
    node : Node
        The query.
    comment : str
        The table's, for the caption.
    order_by : str or iterable of str, optional
        As for a fetch; the primary key decides between equal rows.
    limit : int, optional
        Rows of a page, 1 to 1000; by default as the setting ``display.limit`` says.
    pictures : bool
        Whether arrays are drawn.

    Attributes
    ----------
    number : int
        The page at which it is open, from 1.
    order_by, limit, pictures
        As given.

    Raises
    ------
    OperandError
        The limit is none.
    """

    def __init__(
        self,
        connection: Connection,
        node: Node,
        *,
        comment: str = "",
        order_by: OrderBy = None,
        limit: int | None = None,
        pictures: bool = False,
    ) -> None:
        self.connection, self.node = connection, node
        self._comment = comment
        self._total: int | None = None
        self.number = 1
        self.order_by: list[str] = _listed(order_by)
        self.limit = check_limit(get_config().display.limit if limit is None else limit)
        self.pictures = pictures

    @property
    def total(self) -> int:
        """How many rows there are, as they were counted."""
        if self._total is None:
            self._total = count(self.connection, self.node)
        return self._total

    @property
    def count(self) -> int:
        """How many pages there are; one where there are no rows."""
        return max(-(-self.total // self.limit), 1)

    @property
    def offset(self) -> int:
        """How many rows stand on the pages before."""
        return (self.number - 1) * self.limit

    def turn(self, number: int) -> Self:
        """Open the book at a page, at the last one where the number is larger; return the book."""
        self.number = min(max(number, 1), self.count)
        return self

    def sort(self, order_by: OrderBy = None) -> Self:
        """
        Open the first page in another order, by default that of the primary key; return the book.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading.
        OperandError
            What follows a name is neither ``ASC`` nor ``DESC``.
        """
        order = _listed(order_by)
        read_order(self.node, order)
        self.order_by, self.number = order, 1
        return self

    def resize(self, limit: int) -> Self:
        """Give a page so many rows; the first row that was shown stays on the page that is open. Return the book."""
        first = self.offset
        self.limit = check_limit(limit)
        return self.turn(first // limit + 1)

    def recount(self) -> Self:
        """Count the rows again; return the book."""
        self._total = None
        return self.turn(self.number)

    def preview(self) -> Preview:
        """Return the page that is open, as text and HTML."""
        if self._total is None:
            self.turn(self.number)
        return preview(
            self.connection,
            self.node,
            comment=self._comment,
            order_by=self.order_by or None,
            limit=self.limit,
            offset=self.offset,
            total=self.total,
            pictures=self.pictures,
        )

    def __str__(self) -> str:
        return self.preview().text

    def __repr__(self) -> str:
        """Return where the book is open, in one line; nothing is asked for it."""
        return f"<Pages of {self.node.label}, {self.limit} rows each, open at page {self.number}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.preview()._repr_mimebundle_()

    def code(self, query: str) -> str:
        """Return Python that gives the rows of the open page as a DataFrame; ``query`` is how the query is called."""
        order = self.order_by[0] if len(self.order_by) == 1 else self.order_by
        options = [f"order_by={order!r}"] if order else []
        options += [f"limit={self.limit}"] if self.count > 1 else []
        options += [f"offset={self.offset}"] if self.offset else []
        return f"{query}.to_pandas({', '.join(options)})"


def _listed(order_by: OrderBy) -> list[str]:
    if order_by is None:
        return []
    return [
        item.strip() for text in ([order_by] if isinstance(order_by, str) else order_by) for item in text.split(",")
    ]
