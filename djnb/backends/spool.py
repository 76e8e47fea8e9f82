"""Rows of an answer in portions that fit into memory, and what is to be kept of them on disk."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, cast

PORTION_ROWS = 1_000
PORTION_BYTES = 8 * 2**20
"""A portion has at most so many rows, and ends with the row by which its large values exceed so many bytes."""

Row = tuple[Any, ...]


def portions(rows: Iterator[Row], large: Sequence[int]) -> Iterator[list[Row]]:
    """
    Yield rows in lists that fit into memory.

    Parameters
    ----------
    rows : iterator of tuple
        Taken no further than the portion that is asked for.
    large : sequence of int
        The places in a row whose values may be large: bytes and long texts.
    """
    if not large:
        while portion := list(islice(rows, PORTION_ROWS)):
            yield portion
        return
    portion, size = [], 0
    for row in rows:
        portion.append(row)
        for place in large:
            size += len(row[place] or ())
        if size > PORTION_BYTES or len(portion) == PORTION_ROWS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


class Spool:
    """
    An answer that was taken whole; all but its first portion waits in a temporary file.

    Parameters
    ----------
    portions : iterator of list of tuple
        Read to its end.
    """

    def __init__(self, portions: Iterator[list[Row]]) -> None:
        self._first = next(portions, None)
        self._file: BinaryIO | None = None
        try:
            for portion in portions:
                if self._file is None:
                    # The file has no name that another program could open, and holds what this one has written.
                    self._file = cast("BinaryIO", tempfile.TemporaryFile(prefix="djnb-"))  # noqa: SIM115 -- see close
                pickle.dump(portion, self._file, pickle.HIGHEST_PROTOCOL)
        except BaseException:
            self.close()
            raise
        if self._file is not None:
            self._file.seek(0)

    def __iter__(self) -> Iterator[list[Row]]:
        return self

    def __next__(self) -> list[Row]:
        if self._first is not None:
            portion, self._first = self._first, None
            return portion
        if self._file is None:
            raise StopIteration
        try:
            return cast("list[Row]", pickle.load(self._file))
        except EOFError:
            self.close()
            raise StopIteration from None

    def close(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
