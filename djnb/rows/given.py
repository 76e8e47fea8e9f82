"""Rows as users give them: dicts, sequences, frames, arrays, queries, files; read as dicts, in batches."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, cast

from djnb.algebra.conditions import relation_of
from djnb.connection import Connection
from djnb.errors import InsertError
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.rows.fetch import stream_dicts

BATCH_BYTES = 32 * 2**20
"""A batch ends with the row by which its large values exceed so many bytes."""

Row = dict[str, Any]
Numbered = Sequence[tuple[int, Row]]
"""Rows with their numbers among all that were given."""


class Tuples(Sequence[tuple[int, Row]]):
    """
    Numbered rows that were given as plain tuples; each becomes a dict only where it is asked for.

    Attributes
    ----------
    columns : mapping
        The values of all rows, by the names of the attributes.
    """

    def __init__(self, rows: Sequence[tuple[Any, ...]], names: list[str], start: int) -> None:
        self.columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        self._rows, self._names, self._numbers = rows, names, range(start, start + len(rows))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        return self._numbers[place], dict(zip(self._names, self._rows[place], strict=True))


def read_rows(connection: Connection, rows: Any, heading: Heading) -> Iterator[Row]:
    """
    Yield rows as dicts from whatever holds them.

    Raises
    ------
    InsertError
        What is given holds no rows, or a file cannot be read.
    """
    node = relation_of(rows)
    if node is not None:
        source: Connection = getattr(rows, "connection", None) or connection
        yield from stream_dicts(source, node, node.heading.names)
    elif isinstance(rows, Path):
        yield from _read_file(rows, heading)
    elif hasattr(rows, "iloc") and hasattr(rows, "columns"):
        yield from _read_frame(rows)
    elif hasattr(rows, "iter_rows") and hasattr(rows, "columns"):  # polars
        yield from rows.iter_rows(named=True)
    elif hasattr(rows, "to_batches") and hasattr(rows, "schema"):  # Arrow
        for batch in rows.to_batches(max_chunksize=10_000):
            yield from batch.to_pylist()
    elif getattr(getattr(rows, "dtype", None), "names", None):
        yield from map(_reader(heading), rows.reshape(-1), count())
    elif isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        one = " For a single row there is `insert1`." if isinstance(rows, Mapping) else ""
        file = " A CSV file is given as a `pathlib.Path`." if isinstance(rows, str) else ""
        raise InsertError(
            f"`insert` was given {type(rows).__name__}, which is not a collection of rows.",
            remedy=f"Give a list of dicts, a DataFrame or a query.{one}{file}",
        )
    else:
        # A generator may fill one dict anew for each row.
        yield from map(_reader(heading, may_share=isinstance(rows, (list, tuple))), rows, count())


def large_names(heading: Heading) -> list[str]:
    """Return the names of attributes whose values may be large."""
    return [a.name for a in heading.visible if a.is_blob or a.type.is_text or a.type.family is Family.JSON]


def batches(numbered: Iterator[tuple[int, Row]], heading: Heading, size: int) -> Iterator[Numbered]:
    """Yield numbered rows in lists of at most ``size`` and of no more large values than fit into memory."""
    large = large_names(heading)
    if not large:
        while batch := list(islice(numbered, size)):
            yield batch
        return
    attached = {a.name for a in heading.visible if a.type.codec == "attach"}
    batch, held = [], 0
    for item in numbered:
        batch.append(item)
        held += sum((_size_of_file if name in attached else _weight)(item[1].get(name)) for name in large)
        if len(batch) >= size or held > BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def tuple_batches(rows: Any, heading: Heading, size: int) -> Iterator[Tuples] | None:
    """Return the rows of a list in batches, if all are plain tuples of the heading's values, none large; else None."""
    names = heading.names
    if type(rows) not in (list, tuple) or large_names(heading):
        return None
    if set(map(type, rows)) != {tuple} or set(map(len, rows)) != {len(names)}:
        return None
    return (Tuples(rows[start : start + size], names, start) for start in range(0, len(rows), size))


def values_of(rows: Numbered, name: str) -> Sequence[Any]:
    """Return the values that rows give for an attribute, which all of them give."""
    return rows.columns[name] if isinstance(rows, Tuples) else [row[name] for _, row in rows]


def _size_of_file(value: Any) -> int:
    """Return how many bytes a file has; 0 if there is none, which is said when it is to be read."""
    try:
        return Path(value).stat().st_size
    except (OSError, TypeError, ValueError):
        return 0


def _weight(value: Any) -> int:
    """Return about how many bytes a value takes."""
    nbytes = getattr(value, "nbytes", None)
    if isinstance(nbytes, int):
        return nbytes
    if isinstance(value, (bytes, str, bytearray)):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_weight, value.values()))
    if isinstance(value, (list, tuple)):
        plain = not value or type(value[0]) in (int, float, bool)
        return 9 * len(value) if plain else sum(map(_weight, value))
    return 16


def _read_frame(frame: Any) -> Iterator[Row]:
    """Yield the rows of a pandas DataFrame; an index that has names counts as columns."""
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InsertError(f"The DataFrame has two columns called '{twice}'.", remedy="Rename or drop one of them.")
    names = [str(name) for name in frame.columns]
    for start in range(0, len(frame), 10_000):
        part = frame.iloc[start : start + 10_000]
        for values in zip(*(part[name].tolist() for name in frame.columns), strict=True):
            yield dict(zip(names, values, strict=True))


def place_index(frame: Any, heading: Heading, index_as_pk: bool | None) -> Any:
    """
    Return a pandas DataFrame without an index, its key attributes among the columns.

    Parameters
    ----------
    frame : DataFrame
        As `to_pandas` gives it, or as it was read from a file.
    heading : Heading
        Of the table.
    index_as_pk : bool, optional
        Whether the index is the primary key. By default it is if its names are attributes of the key; rows that are
        numbered or labelled otherwise lose their labels.

    Raises
    ------
    InsertError
        What is given is no DataFrame, or its index is said to be the primary key and has other names.
    """
    if not (hasattr(frame, "iloc") and hasattr(frame, "columns")):
        raise InsertError(
            f"`insert_dataframe` was given {type(frame).__name__}, which is no DataFrame.", remedy="Use `insert`."
        )
    names = [name for name in frame.index.names if name is not None]
    key = heading.primary_key
    if index_as_pk and set(names) != set(key):
        raise InsertError(
            f"The index of the DataFrame is ({', '.join(map(str, names)) or 'without a name'}), "
            f"the primary key ({', '.join(key)}).",
            remedy=f"Say `frame.set_index({key})` before, or `index_as_pk=False` if the key is among the columns.",
        )
    is_key = bool(names) and all(name in key for name in names) if index_as_pk is None else index_as_pk
    return frame.reset_index(drop=not is_key)


def _read_file(path: Path, heading: Heading) -> Iterator[Row]:
    """
    Yield the rows of a CSV file whose first line names the attributes.

    An empty cell counts as not given. Only an attribute that must be given and is text takes it for the empty text.
    """
    empty = {a.name for a in heading.visible if a.is_required and a.type.family is Family.STRING}
    documents = {a.name for a in heading.visible if a.type.family is Family.JSON}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            names = [name.strip() for name in next(lines, [])]
            twice = [name for name in names if names.count(name) > 1]
            if not names or twice:
                what = f"names '{twice[0]}' twice" if twice else "is empty"
                raise InsertError(
                    f"The first line of '{path}' {what}.", remedy="It names the attributes, each once, with commas."
                )
            for values in lines:
                if not values:
                    continue
                if len(values) != len(names):
                    raise InsertError(
                        f"Line {lines.line_num} of '{path}' has {len(values)} values for {len(names)} attributes.",
                        remedy="Quote values that hold commas, and leave none out.",
                    )
                row = {name: text for name, text in zip(names, values, strict=True) if text or name in empty}
                for name in documents & row.keys():
                    row[name] = _read_document(row[name], name, path, lines.line_num)
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InsertError(f"The file '{path}' cannot be read: {error}.", remedy="Give a CSV file in UTF-8.") from error


def _read_document(text: str, name: str, path: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InsertError(
            f"'{name}' in line {line} of '{path}' is no JSON document: {error}.", remedy='Write `"text"`, `{}` or `[]`.'
        ) from error


def _reader(heading: Heading, *, may_share: bool = False) -> Callable[[Any, int], Row]:
    """Return the function that makes a dict of a row, which has a number; its own dict unless it may be shared."""
    names = heading.names

    def read(row: Any, number: int) -> Row:
        kind = type(row)
        # Most rows are plain dicts and tuples: asking the abstract classes about each takes longer than all the rest.
        if kind is dict and may_share:
            return cast("Row", row)
        if kind is dict or (kind is not tuple and isinstance(row, Mapping)):
            return dict(row)
        own_names = None if kind is tuple else getattr(getattr(row, "dtype", None), "names", None)
        if own_names:
            return {name: row[name] for name in own_names}
        if kind is tuple or (isinstance(row, Sequence) and not isinstance(row, (str, bytes))):
            if len(row) != len(names):
                raise InsertError(
                    f"Row {number} has {len(row)} values; the heading has {len(names)} attributes: {', '.join(names)}.",
                    remedy="Give one value for each attribute in this order, or a dict.",
                )
            return dict(zip(names, row))  # noqa: B905 -- the lengths are equal
        raise InsertError(
            f"Row {number} is of type {kind.__name__}.", remedy="Give each row as a dict or a sequence of values."
        )

    return read
