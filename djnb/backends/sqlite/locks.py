"""
One byte of a file for each worker, locked as long as its process lives.

The system gives the lock back when the process ends, however it ends, and to nobody that was forked from it. It also
gives it back when the process closes any descriptor of the file: so it is opened once, and it is not the database.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _PLACES = 2**31 - 1
    """Positions of a file that the C library locks."""

    _ACCESS_TO_LOOK = os.O_RDWR

    def _lock(descriptor: int, place: int) -> bool:
        os.lseek(descriptor, place % _PLACES, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int, place: int) -> None:
        os.lseek(descriptor, place % _PLACES, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    def _is_free(descriptor: int, place: int) -> bool:
        if not _lock(descriptor, place):
            return False
        _unlock(descriptor, place)
        return True

else:
    import fcntl

    _ACCESS_TO_LOOK = os.O_RDONLY | os.O_CLOEXEC

    def _lock(descriptor: int, place: int) -> bool:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(descriptor: int, place: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)

    def _is_free(descriptor: int, place: int) -> bool:
        try:  # a shared lock, so that those who look are not in each other's way
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):
            return False
        _unlock(descriptor, place)
        return True


SUFFIX = ".workers"
"""What the name of the file adds to the database's."""


@dataclass
class _LockFile:
    descriptor: int
    held: set[int] = field(default_factory=set)


_guard = threading.RLock()
_files: dict[str, _LockFile] = {}


def take(path: str, place: int) -> bool:
    """
    Lock a byte for this process; False if another process has it, or this one already.

    Raises
    ------
    OSError
        The file may not be opened for writing.
    """
    with _guard:
        file = _open(path)
        try:
            if place in file.held or not _lock(file.descriptor, place):
                return False
            file.held.add(place)
            return True
        finally:
            _close_if_idle(path)


def renew(path: str) -> None:
    """Take again what this process has, if the file was removed or a copy of it cost the locks."""
    with _guard:
        file = _files.get(path)
        if file is None:
            return
        if not _is_same(file.descriptor, path):
            old, file.descriptor = file.descriptor, _descriptor(path)
            os.close(old)
        for place in file.held:
            _lock(file.descriptor, place)


def give_back(path: str, place: int) -> None:
    """Unlock a byte."""
    with _guard:
        file = _files.get(path)
        if file is not None and place in file.held:
            file.held.discard(place)
            _unlock(file.descriptor, place)
            _close_if_idle(path)


def is_taken(path: str, place: int) -> bool | None:
    """Tell whether any process has locked a byte; None where the file may not even be read."""
    with _guard:
        file = _files.get(path)
        if file is not None:
            # To the process that has it, a lock looks free.
            return place in file.held or not _is_free(file.descriptor, place)
        try:
            descriptor = os.open(path, _ACCESS_TO_LOOK)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        try:
            return not _is_free(descriptor, place)
        finally:
            os.close(descriptor)  # with no lock of this process


def _open(path: str) -> _LockFile:
    if path not in _files:
        _files[path] = _LockFile(_descriptor(path))
    return _files[path]


def _descriptor(path: str) -> int:
    # Everybody who may write to the database may be a worker.
    with suppress(OSError):
        mode = Path(path.removesuffix(SUFFIX)).stat().st_mode & 0o666
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode))
        Path(path).chmod(mode)
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)


def _close_if_idle(path: str) -> None:
    if not _files[path].held:
        os.close(_files.pop(path).descriptor)


def _is_same(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), Path(path).stat())
    except OSError:
        return False


def forget_inherited() -> None:
    """Close what a forked child has of its parent, whose locks it does not have."""
    global _guard
    _guard = threading.RLock()
    for file in _files.values():
        with suppress(OSError):
            os.close(file.descriptor)
    _files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_inherited)
