"""``<attach>`` and ``<attach@store>``: a local file, kept with its name and fetched into a folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from djnb.codecs.registry import Codec
from djnb.errors import BlobError
from djnb.stores.paths import make_token
from djnb.stores.store import PARTIAL


class AttachCodec(Codec):
    """
    A local file: its path goes in, the path of a copy comes back.

    What is kept is the file's name in UTF-8, a zero byte, and the content.
    """

    name = "attach"
    needs_row = False

    def get_dtype(self, is_store: bool) -> str:
        """Return ``"bytes"``, or ``"<hash>"`` with a store."""
        return "<hash>" if is_store else "bytes"

    def validate(self, value: Any) -> None:
        """Refuse what is no path."""
        if not isinstance(value, (str, os.PathLike)):
            raise TypeError(f"<attach> takes the path of a file, not {type(value).__name__}")

    def encode(self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None) -> bytes:
        """
        Return name and content of the file.

        Raises
        ------
        ValueError
            There is no such file, or it is a folder.
        """
        return pack_file(Path(value))

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> str:
        """
        Write the file into the folder for downloads, unless it is there, and return its path.

        A file of the same name and another content stays; the new one gets ``_1``, ``_2``, … after its name.
        """
        name, content = unpack_file(bytes(stored))
        return str(save_copy(Path((context or {}).get("download_path") or "."), name, content))


def pack_file(path: Path) -> bytes:
    """Return the name of a file, a zero byte, and its content."""
    if not path.exists():
        raise ValueError(f"there is no file '{path}'")
    if path.is_dir():
        raise ValueError(f"'{path}' is a folder, and only a file can be attached")
    return path.name.encode() + b"\0" + path.read_bytes()


def unpack_file(packed: bytes) -> tuple[str, bytes]:
    """
    Return the name and the content of a packed file.

    Raises
    ------
    BlobError
        The bytes do not begin with a file's name.
    """
    head, zero, content = packed.partition(b"\0")
    try:
        name = head.decode()
    except UnicodeDecodeError:
        zero = b""
    # Whoever wrote the bytes must not choose the folder.
    if not zero or name in ("", ".", "..") or PurePosixPath(name).name != name or PureWindowsPath(name).name != name:
        raise BlobError("The bytes are no attachment: they do not begin with the name of a file.")
    return name, content


def save_copy(folder: Path, name: str, content: bytes) -> Path:
    """Write a file into a folder, under its name or with a number after it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{make_token()}{PARTIAL}"
    partial.write_bytes(content)
    try:
        target, number = folder / name, 0
        while not _take(partial, target):
            if target.is_file() and target.stat().st_size == len(content) and target.read_bytes() == content:
                break
            number += 1
            target = folder / f"{Path(name).stem}_{number}{Path(name).suffix}"
        return target
    finally:
        partial.unlink(missing_ok=True)


def _take(partial: Path, target: Path) -> bool:
    """Give a file its name, if nobody has it."""
    try:
        os.link(partial, target)
    except FileExistsError:
        return False
    except OSError:  # a disk without links
        if target.exists():
            return False
        partial.rename(target)
    return True
