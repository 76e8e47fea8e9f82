"""Taking rows out of a query, in whatever form they are wanted: the half of its face that asks the database."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.errors import OperandError, RowCountError
from djnb.model.heading import Heading
from djnb.on_class import on_class
from djnb.rows import arrow, bulk, frames
from djnb.rows.fetch import Columns, count, exists, fetch_columns, stream_dicts, to_dicts
from djnb.settings import get_config

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

OrderBy = str | Iterable[str] | None
Folder = str | os.PathLike[str] | None


class Fetching:
    """What has rows to fetch: a question, and a connection that answers it."""

    @property
    def node(self) -> Node:
        """The question as a value of the algebra."""
        raise NotImplementedError  # not abstract: table classes have another metaclass than ABCMeta

    @property
    def connection(self) -> Connection:
        """What answers the question."""
        raise NotImplementedError  # likewise

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
        self,
        *names: str,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
        download_path: Folder = None,
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
        squeeze : bool
            Remove axes of length 1 from arrays in blobs.
        download_path : str or Path, optional
            The folder for attached files; by default what the setting ``download_path`` says.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading.
        """
        return to_dicts(
            self._fetch(names or self.heading.names, order_by, limit, offset, squeeze=squeeze, into=download_path)
        )

    @on_class
    def to_arrays(
        self,
        *names: str,
        include_key: bool = False,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
        download_path: Folder = None,
    ) -> Any:
        """
        Fetch attributes as arrays, one for each name, in the order asked.

        Parameters
        ----------
        *names : str
            Attributes; all, as fields of one structured array, if none is named.
        include_key : bool
            Put the primary keys, a list of dicts, in front of the arrays.
        order_by, limit, offset, squeeze, download_path
            As for `to_dicts`.

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
        keyed = [*names, *self.primary_key] if names and include_key else names or self.heading.names
        columns = self._fetch(list(dict.fromkeys(keyed)), order_by, limit, offset, squeeze=squeeze, into=download_path)
        if not names:
            return frames.to_structured(columns, self.heading, frames.to_array)
        arrays = [frames.to_array(columns[name], self.heading[name]) for name in names]
        if include_key:
            return (to_dicts(columns.only(self.primary_key)), *arrays)
        return arrays[0] if len(arrays) == 1 else tuple(arrays)

    @on_class
    def to_pandas(
        self,
        *names: str,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
        download_path: Folder = None,
    ) -> pd.DataFrame:
        """
        Fetch rows as a DataFrame, indexed by the primary key.

        Parameters
        ----------
        *names : str
            Attributes besides the primary key; all if none is named.
        order_by, limit, offset, squeeze, download_path
            As for `to_dicts`.

        Returns
        -------
        DataFrame
            Integers stay integers, with pandas' nullable types where NULL is allowed; dates and times are
            ``datetime64`` in UTC; blobs are ``object``.
        """
        wanted = self._with_key(names)
        table = self._fetch_table(wanted, order_by, limit, offset)
        if table is not None:
            return bulk.to_frame(table, self.heading)
        columns = self._fetch(wanted, order_by, limit, offset, squeeze=squeeze, into=download_path)
        return frames.to_frame(columns, self.heading)

    @on_class
    def to_polars(
        self,
        *names: str,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
        download_path: Folder = None,
    ) -> pl.DataFrame:
        """
        Fetch rows as a polars DataFrame, the primary key among its columns.

        The parameters are those of `to_pandas`; the types are in `djnb.rows.arrow.to_polars`.

        Raises
        ------
        MissingPackageError
            polars is not installed.
        """
        wanted = self._with_key(names)
        table = self._fetch_table(wanted, order_by, limit, offset)
        if table is not None:
            return bulk.to_polars(table)
        columns = self._fetch(wanted, order_by, limit, offset, squeeze=squeeze, into=download_path)
        return arrow.to_polars(columns, self.heading)

    @on_class
    def to_arrow(
        self,
        *names: str,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
        download_path: Folder = None,
    ) -> pa.Table:
        """
        Fetch rows as an Arrow table, the primary key among its columns.

        The parameters are those of `to_pandas`; the types are in `djnb.rows.arrow.to_arrow`.

        Raises
        ------
        MissingPackageError
            pyarrow is not installed.
        OperandError
            Blobs hold values for which Arrow has no type.
        """
        wanted = self._with_key(names)
        table = self._fetch_table(wanted, order_by, limit, offset)
        if table is not None:
            return table
        columns = self._fetch(wanted, order_by, limit, offset, squeeze=squeeze, into=download_path)
        return arrow.to_arrow(columns, self.heading)

    def _with_key(self, names: tuple[str, ...]) -> list[str]:
        """Return the primary key and the names; all attributes if none is named."""
        self.heading.check(names, owner=self.node.label)
        return list(dict.fromkeys([*self.primary_key, *names])) if names else self.heading.names

    @on_class
    def keys(
        self, order_by: OrderBy = None, limit: int | None = None, offset: int | None = None
    ) -> list[dict[str, Any]]:
        """Fetch the primary keys as dicts."""
        return to_dicts(self._fetch(self.primary_key, order_by, limit, offset))

    @on_class
    def head(self, /, limit: int = 25, **options: Any) -> list[dict[str, Any]]:
        """Fetch the first rows in the order of the primary key; the options are those of `to_dicts`."""
        return self.to_dicts(limit=limit, **options)

    @on_class
    def tail(self, /, limit: int = 25, **options: Any) -> list[dict[str, Any]]:
        """Fetch the last rows in the order of the primary key, in that order; the options are those of `to_dicts`."""
        return self.to_dicts(order_by="KEY DESC", limit=limit, **options)[::-1]

    @on_class
    def fetch(
        self,
        *names: str,
        as_dict: bool | None = None,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        format: Literal["array", "frame"] | None = None,  # noqa: A002 -- as DataJoint calls it
        squeeze: bool = False,
        download_path: Folder = None,
    ) -> Any:
        """
        Fetch rows in the manner of DataJoint 0.12 to 0.14.

        Parameters
        ----------
        *names : str
            Attributes; ``"KEY"`` for the primary keys as a list of dicts. None for all.
        as_dict : bool
            A list of dicts rather than arrays.
        order_by, limit, offset, squeeze, download_path
            As for `to_dicts`.
        format : {"array", "frame"}
            ``"frame"`` for a DataFrame; for whole rows, what the setting ``fetch_format`` says unless it is told.

        Returns
        -------
        ndarray, tuple of ndarray, list of dict or DataFrame
            Without names a structured array of shape (n_rows,); for one name an array, for several a tuple of arrays.
            Integers are ``int64``, floats ``float64``, truth values ``bool``; all else is ``object``.

        Raises
        ------
        OperandError
            The format is neither of these, or is asked for together with ``as_dict``.
        """
        if format not in (None, "array", "frame") or (format is not None and as_dict):
            raise OperandError(
                f"`fetch` was asked for the format {format!r}{' and for dicts' if as_dict else ''}.",
                remedy='Give format="array" or format="frame", or as_dict=True alone.',
            )
        wanted = [name for name in names if name != "KEY"] if names else self.heading.names
        if not names and not as_dict:
            format = format or get_config().fetch_format  # noqa: A001 -- as DataJoint calls it
        keyed = bool(names) and (format == "frame" or "KEY" in names)
        asked = list(dict.fromkeys([*wanted, *(self.primary_key if keyed else [])]))
        columns = self._fetch(asked, order_by, limit, offset, squeeze=squeeze, into=download_path)
        if format == "frame":
            return frames.to_frame(columns, self.heading)
        if as_dict:
            return to_dicts(columns)
        if not names:
            return frames.to_structured(columns, self.heading, frames.to_plain_array)
        results = [
            to_dicts(columns.only(self.primary_key))
            if name == "KEY"
            else frames.to_plain_array(columns[name], self.heading[name])
            for name in names
        ]
        return results[0] if len(results) == 1 else tuple(results)

    @on_class
    def fetch1(self, *names: str, squeeze: bool = False, download_path: Folder = None) -> Any:
        """
        Fetch the one row that there is.

        Parameters
        ----------
        *names : str
            Attributes; ``"KEY"`` for the primary key as a dict. None for all.
        squeeze, download_path
            As for `to_dicts`.

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
        columns = self._fetch(asked, None, 2, None, squeeze=squeeze, into=download_path)
        if columns.count != 1:
            raise RowCountError.found_rows(columns.count, self.node.label)
        row = {name: values[0] for name, values in columns.items()}
        if not names:
            return row
        results = [{k: row[k] for k in self.primary_key} if name == "KEY" else row[name] for name in names]
        return results[0] if len(results) == 1 else tuple(results)

    def _fetch_table(
        self, names: list[str], order_by: OrderBy, limit: int | None, offset: int | None
    ) -> pa.Table | None:
        return bulk.fetch_table(self.connection, self.node, names, order_by=order_by, limit=limit, offset=offset or 0)

    def _fetch(
        self,
        names: Iterable[str],
        order_by: OrderBy,
        limit: int | None,
        offset: int | None,
        *,
        squeeze: bool = False,
        into: Folder = None,
    ) -> Columns:
        return fetch_columns(
            self.connection,
            self.node,
            list(names),
            order_by=order_by,
            limit=limit,
            offset=offset or 0,
            squeeze=squeeze,
            download_path=into,
        )

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
