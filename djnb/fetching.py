"""Taking rows out of a query, in whatever form they are wanted: the half of its face that asks the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.errors import RowCountError
from djnb.model.heading import Heading
from djnb.on_class import on_class
from djnb.rows import frames
from djnb.rows.fetch import Columns, count, exists, fetch_columns, stream_dicts, to_dicts

if TYPE_CHECKING:
    import pandas as pd

OrderBy = str | Iterable[str] | None


class Fetching:
    """What has rows to fetch: a question, and a connection that answers it."""

    @property
    def node(self) -> Node:
        """The question as a value of the algebra."""
        raise NotImplementedError

    @property
    def connection(self) -> Connection:
        """What answers the question."""
        raise NotImplementedError

    @property
    def heading(self) -> Heading:
        """The attributes of the answer."""
        return self.node.heading

    @property
    def primary_key(self) -> list[str]:
        """The names of the primary key's attributes."""
        return self.heading.primary_key

    # -- fetching

    @on_class
    def to_dicts(
        self, *names: str, order_by: OrderBy = None, limit: int | None = None, offset: int = 0
    ) -> list[dict[str, Any]]:
        """
        Fetch rows as dicts.

        Parameters
        ----------
        *names : str
            Attributes; all if none is named.
        order_by : str or iterable of str, optional
            Attributes, each maybe with ``DESC``; ``"KEY"`` for the primary key, the default.
        limit, offset : int, optional
            How many rows at most, and how many to pass over.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading.
        """
        columns = self._fetch(names or self.heading.names, order_by, limit, offset)
        return to_dicts(columns)

    @on_class
    def to_arrays(self, *names: str, order_by: OrderBy = None, limit: int | None = None, offset: int = 0) -> Any:
        """
        Fetch attributes as arrays, one for each name, in the order asked.

        Returns
        -------
        ndarray or tuple of ndarray, each of shape (n_rows,)
            Numbers keep their core type (``float32`` stays ``float32``); ``datetime(3)`` becomes
            ``datetime64[ms]`` in UTC; blobs become ``object``. One array for one name; without names, one structured
            array of all attributes.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading; the message offers the nearest one.

        Examples
        --------
        >>> x, rate = (Recording & "x > 1").to_arrays("x", "sampling_rate")  # V, Hz
        """
        columns = self._fetch(names or self.heading.names, order_by, limit, offset)
        arrays = {name: frames.to_array(values, self.heading[name]) for name, values in columns.items()}
        if not names:
            import numpy as np

            result = np.empty(columns.count, dtype=[(name, array.dtype) for name, array in arrays.items()])
            for name, array in arrays.items():
                result[name] = array
            return result
        listed = tuple(arrays[name] for name in names)
        return listed[0] if len(listed) == 1 else listed

    @on_class
    def to_pandas(
        self, *names: str, order_by: OrderBy = None, limit: int | None = None, offset: int = 0
    ) -> pd.DataFrame:
        """
        Fetch rows as a DataFrame, indexed by the primary key.

        Parameters
        ----------
        *names : str
            Attributes besides the primary key; all if none is named.
        order_by, limit, offset
            As for `to_dicts`.

        Returns
        -------
        DataFrame
            Integers stay integers, with pandas' nullable types where NULL is allowed; dates and times are
            ``datetime64`` in UTC; blobs are ``object``.
        """
        self.heading.check(names, owner=self.node.label)
        wanted = self.heading.names
        if names:
            wanted = self.primary_key + [name for name in names if name not in self.primary_key]
        return frames.to_frame(self._fetch(wanted, order_by, limit, offset), self.heading)

    @on_class
    def keys(self, order_by: OrderBy = None, limit: int | None = None, offset: int = 0) -> list[dict[str, Any]]:
        """Fetch the primary keys as dicts."""
        if not self.primary_key:  # a table of one row at most
            rows: list[dict[str, Any]] = [{} for _ in range(len(self))]
            return rows[offset:][:limit]
        return to_dicts(self._fetch(self.primary_key, order_by, limit, offset))

    @on_class
    def fetch(
        self,
        *names: str,
        as_dict: bool = False,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        format: Literal["array", "frame"] | None = None,  # noqa: A002 -- as DataJoint calls it
        squeeze: bool = False,
    ) -> Any:
        """
        Fetch rows in the manner of DataJoint 0.12 to 0.14.

        Parameters
        ----------
        *names : str
            Attributes; ``"KEY"`` for the primary keys as a list of dicts. None for all.
        as_dict : bool
            A list of dicts rather than arrays.
        order_by, limit, offset
            As for `to_dicts`.
        format : {"array", "frame"}
            ``"frame"`` for a DataFrame.
        squeeze : bool
            Remove axes of length 1 from arrays in blobs.

        Returns
        -------
        ndarray, tuple of ndarray, list of dict or DataFrame
            Without names a structured array of shape (n_rows,); for one name an array, for several a tuple of arrays.
            Integers are ``int64``, floats ``float64``, all else ``object``.
        """
        if format == "frame":
            expanded = [new for name in names for new in (self.primary_key if name == "KEY" else [name])]
            return self.to_pandas(*expanded, order_by=order_by, limit=limit, offset=offset or 0)
        wanted = [name for name in names if name != "KEY"] if names else self.heading.names
        asked = [*wanted, *(self.primary_key if "KEY" in names else [])]
        columns = self._fetch(list(dict.fromkeys(asked)), order_by, limit, offset or 0, squeeze=squeeze)
        if as_dict:
            return to_dicts(columns)
        if not names:
            return frames.to_structured(columns, self.heading)
        results = [
            to_dicts(columns.only(self.primary_key))
            if name == "KEY"
            else frames.to_plain_array(columns[name], self.heading[name])
            for name in names
        ]
        return results[0] if len(results) == 1 else tuple(results)

    @on_class
    def fetch1(self, *names: str, squeeze: bool = False) -> Any:
        """
        Fetch the one row that there is.

        Parameters
        ----------
        *names : str
            Attributes; ``"KEY"`` for the primary key as a dict. None for all.
        squeeze : bool
            Remove axes of length 1 from arrays in blobs.

        Returns
        -------
        dict, value or tuple of values
            A dict of all attributes without names, the value for one name, a tuple for several.

        Raises
        ------
        RowCountError
            There is no row, or there are several.

        Examples
        --------
        >>> data, rate = (Recording & key).fetch1("data", "sampling_rate")
        """
        wanted = [name for name in names if name != "KEY"] if names else self.heading.names
        asked = list(dict.fromkeys([*wanted, *(self.primary_key if "KEY" in names else [])]))
        # Two rows are enough to know that there are several.
        columns = self._fetch(asked, None, 2, 0, squeeze=squeeze)
        found = columns.count
        if found != 1:
            some = "no row" if found == 0 else "several rows"
            error = RowCountError(
                f"`fetch1` needs exactly one row; `{self.node.label}` has {some} here.",
                remedy="Restrict by a whole primary key, or use `to_dicts()` for several rows.",
            )
            error.found = found
            raise error
        row = {name: values[0] for name, values in columns.items()}
        if not names:
            return row
        results = [{k: row[k] for k in self.primary_key} if name == "KEY" else row[name] for name in names]
        return results[0] if len(results) == 1 else tuple(results)

    def _fetch(
        self, names: Iterable[str], order_by: OrderBy, limit: int | None, offset: int, *, squeeze: bool = False
    ) -> Columns:
        columns = fetch_columns(self.connection, self.node, list(names), order_by=order_by, limit=limit, offset=offset)
        if squeeze:
            for name in columns:
                if self.heading[name].is_blob:
                    columns[name] = [v.squeeze() if hasattr(v, "squeeze") else v for v in columns[name]]
        return columns

    # -- as a collection of rows

    def __len__(self) -> int:
        return count(self.connection, self.node)

    def __bool__(self) -> bool:
        return exists(self.connection, self.node)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """
        Yield the rows as dicts, in the order of the primary key, as they come from the database.

        It is one statement, sent for the first row; memory holds some thousand rows, or a few megabytes, at a time.
        Other queries and inserts may be made before the last row has come; the rows are those that were there when the
        first one was asked for. Leaving off early costs nothing but a new connection to the server.
        """
        return stream_dicts(self.connection, self.node, self.heading.names)
