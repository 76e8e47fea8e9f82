"""A file or a folder in a store, as a fetch gives it: what is known of it without reading, and ways to read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from djnb.errors import CorruptFileError, StoreError
from djnb.stores.paths import check_path, hash_of
from djnb.stores.store import MANIFEST, Store

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem, FSMap


@dataclass(frozen=True)
class ObjectRef:
    """
    A file or a folder in a store; fetched from ``<object@store>`` and ``<filepath@store>``.

    Nothing is read before one of its methods asks. Where its store is a local folder, it is a path too: ``open(ref)``
    and ``Path(ref)`` take it.

    Attributes
    ----------
    path : str
        Within the store.
    store : str or None
        The store's name.
    size : int or None
        In bytes, of all files of a folder together; None where it was not recorded.
    ext : str or None
        The file's extension, with its dot.
    is_dir : bool
        Whether it is a folder.
    item_count : int or None
        How many files a folder has.
    timestamp : datetime or None
        When it was recorded, UTC.
    hash : str or None
        Of its content, where that was recorded.

    Examples
    --------
    >>> ref = (Recording & key).fetch1("raw")
    >>> ref.size, ref.read()[:4]
    >>> ref.download("/tmp")
    """

    path: str
    store: str | None = None
    size: int | None = None
    ext: str | None = None
    is_dir: bool = False
    item_count: int | None = None
    timestamp: datetime | None = None
    hash: str | None = None
    _home: Store | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_json(cls, metadata: Mapping[str, Any] | str, backend: Store | None = None) -> ObjectRef:
        """Return the reference that a row records."""
        data: Mapping[str, Any] = json.loads(metadata) if isinstance(metadata, str) else metadata
        time = data.get("timestamp")
        return cls(
            path=data["path"],
            store=data.get("store"),
            size=data.get("size"),
            ext=data.get("ext"),
            is_dir=bool(data.get("is_dir")),
            item_count=data.get("item_count"),
            timestamp=datetime.fromisoformat(time) if isinstance(time, str) else time,
            hash=data.get("hash"),
            _home=backend,
        )

    def to_json(self) -> dict[str, Any]:
        """Return what a row records of it."""
        return {
            "path": self.path,
            "store": self.store,
            "size": self.size,
            "ext": self.ext,
            "is_dir": self.is_dir,
            "item_count": self.item_count,
            "timestamp": self.timestamp.isoformat() if self.timestamp else None,
        }

    @property
    def home(self) -> Store:
        """
        The store.

        Raises
        ------
        StoreError
            The reference was made by hand, without a store.
        """
        if self._home is None:
            raise StoreError(f"'{self.path}' has no store to be read from.", remedy="Fetch it from its table.")
        return self._home

    @property
    def fs(self) -> AbstractFileSystem:
        """The driver of fsspec."""
        return self.home.fs

    @property
    def fsmap(self) -> FSMap:
        """The folder as a mapping of names to contents, as Zarr and xarray take it."""
        return self.home.get_fsmap(self.path)

    @property
    def full_path(self) -> str:
        """Where it is: the path of a local file, or an address such as ``s3://bucket/…``."""
        return self.home.full_path(self.path) if self.home.is_local else self.home.url(self.path)

    def __fspath__(self) -> str:
        if not self.home.is_local:
            raise StoreError(
                f"'{self.path}' is in the store '{self.home.name}', which is no folder of this machine.",
                remedy="Fetch it first: `ref.download(folder)` returns the path of a copy.",
            )
        return self.home.full_path(self.path)

    def read(self) -> bytes:
        """
        Return the content of the file.

        Raises
        ------
        MissingFileError
            It is not there.
        StoreError
            It is a folder.
        """
        self._check_is_dir(False, "read as one file", "Use `listdir()`, and `open(name)` for a file in it.")
        return self.home.get_buffer(self.path)

    def open(self, subpath: str | None = None, mode: str = "rb") -> IO[Any]:
        """Open the file, or a file within the folder."""
        return self.home.open(self._within(subpath), mode)

    def listdir(self, subpath: str = "") -> list[str]:
        """Return the names of what is in the folder, sorted."""
        self._check_is_dir(True, "listed", "Use `read()` or `open()`.")
        full = self.home.full_path(self._within(subpath))
        return sorted(str(entry).rstrip("/").rpartition("/")[2] for entry in self.fs.ls(full, detail=False))

    def walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """Yield folder, folders in it and files in it, as ``os.walk`` does; the folders relative to this one."""
        self._check_is_dir(True, "walked through", "Use `read()` or `open()`.")
        full = self.home.full_path(self.path)
        for folder, folders, files in self.fs.walk(full):
            yield str(folder)[len(full) :].lstrip("/"), list(folders), list(files)

    def download(self, destination: str | Path = ".", subpath: str | None = None) -> Path:
        """
        Copy the file, or the folder's files, to a local folder or path; return the path of the copy.

        Raises
        ------
        MissingFileError
            It is not there.
        """
        path, target = self._within(subpath), Path(destination)
        if self.is_dir and not subpath:
            for file, _, _ in self.home.walk(path):
                copy = target / check_path(file[len(path) + 1 :])
                copy.parent.mkdir(parents=True, exist_ok=True)
                self.home.get_file(file, copy)
            return target
        if target.is_dir():
            target /= path.rpartition("/")[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        self.home.get_file(path, target)
        return target

    def exists(self, subpath: str | None = None) -> bool:
        """Tell whether it is there, or a file within the folder."""
        return self.home.exists(self._within(subpath))

    def verify(self) -> bool:
        """
        Compare size and hash, or the files of a folder, with what was recorded; return True.

        Raises
        ------
        MissingFileError
            A file is not there.
        CorruptFileError
            A size or a hash is another one.
        """
        if not self.is_dir:
            self._verify_file(self.path, self.size)
            if self.hash and hash_of(self.read()) != self.hash:
                raise CorruptFileError(f"'{self.path}' has another hash than was recorded.", remedy=_RESTORE)
        elif self.home.exists(self.path + MANIFEST):
            for file in json.loads(self.home.get_buffer(self.path + MANIFEST)).get("files", []):
                self._verify_file(f"{self.path}/{file['path']}", file["size"])
        return True

    def _verify_file(self, path: str, size: int | None) -> None:
        found = self.home.size(path)
        if size is not None and found != size:
            raise CorruptFileError(f"'{path}' has {found} bytes; {size} were recorded.", remedy=_RESTORE)

    def _within(self, subpath: str | None) -> str:
        if not subpath:
            return self.path
        self._check_is_dir(True, "looked into", "Leave out the path within it.")
        return f"{self.path}/{check_path(subpath)}"

    def _check_is_dir(self, wanted: bool, verb: str, remedy: str) -> None:
        if self.is_dir is not wanted:
            kind = "folder" if self.is_dir else "file"
            raise StoreError(f"'{self.path}' is a {kind} and cannot be {verb}.", remedy=remedy)

    def __str__(self) -> str:
        return self.path


_RESTORE = "Restore it from a backup, or delete the row and make it again."
