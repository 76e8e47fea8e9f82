"""
What an insert has written to stores, so that its files go away with its rows.

Stores note every file in the record that is open in their context; threads that encode values take it along.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from djnb.errors import StoreError

if TYPE_CHECKING:
    from djnb.stores.store import Store

logger = logging.getLogger(__name__)

_open: ContextVar[Written | None] = ContextVar("djnb_files_written", default=None)


class Written:
    """The files that were created while this record was open."""

    def __init__(self) -> None:
        self._files: list[tuple[Store, str, object]] = []

    def __bool__(self) -> bool:
        return bool(self._files)

    def note(self, store: Store, path: str, version: object) -> None:
        """Remember a file or a folder that was not there before; ``version`` changes when others use it too."""
        self._files.append((store, path, version))

    def undo(self) -> None:
        """Remove the files, but for those that somebody else has come to use. What cannot be removed is logged."""
        while self._files:
            store, path, version = self._files.pop()
            try:
                if version is None or store.version(path) == version:
                    store.remove(path)
            except StoreError as error:
                logger.warning(
                    "A file of an insert that failed stays in the store '%s': %s (%s)", store.name, path, error
                )


@contextmanager
def recording(written: Written) -> Iterator[Written]:
    """Note the files that are created in a ``with`` block."""
    token = _open.set(written)
    try:
        yield written
    finally:
        _open.reset(token)


def note(store: Store, path: str, version: object = None) -> None:
    """Note a file that was created, if somebody records."""
    record = _open.get()
    if record is not None:
        record.note(store, path, version)
