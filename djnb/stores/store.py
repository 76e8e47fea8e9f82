"""
A store: a folder, here or on a server, where files that belong to rows are kept.

A file appears whole or not at all, and never takes the place of another content.
The methods bear DataJoint 2's names, so that codecs written for it find what they call.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from djnb.errors import DataJointError, MissingFileError, StoreError
from djnb.stores import written
from djnb.stores.filesystem import open_filesystem, protocol_of, root_of, writes_whole
from djnb.stores.paths import check_path, make_token
from djnb.stores.settings import StoreSettings

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem, FSMap

logger = logging.getLogger(__name__)

PARTIAL = ".part"
"""How the names of files end that are being written."""

MANIFEST = ".manifest.json"
"""What follows a folder's name in the name of the list of its files."""


class Store:
    """
    A place for files.

    Parameters
    ----------
    name : str
        As the settings and the rows name it.
    settings : StoreSettings
        Where and how.

    Notes
    -----
    Paths are relative to the store's location, with slashes.
    Any method may raise `StoreError`, for a place that is gone, full, or closed to the user.
    """

    def __init__(self, name: str, settings: StoreSettings) -> None:
        self.name = name
        self.settings = settings
        self._fs: AbstractFileSystem | None = None

    def __repr__(self) -> str:
        return f"Store({self.name!r}, {self.settings.protocol}:{root_of(self.settings)})"

    @property
    def fs(self) -> AbstractFileSystem:
        """The driver of fsspec."""
        if self._fs is None:
            self._fs = open_filesystem(self.name, self.settings)
        return self._fs

    @property
    def protocol(self) -> str:
        """As the settings have it."""
        return self.settings.protocol

    @property
    def spec(self) -> Mapping[str, Any]:
        """The settings as a mapping, without secrets; as codecs written for DataJoint 2 read it."""
        secret = {name for name, value in self.settings if hasattr(value, "get_secret_value")} | {"options"}
        return {name: value for name, value in self.settings if name not in secret}

    @property
    def is_local(self) -> bool:
        """Whether the files are in a folder of this machine."""
        return protocol_of(self.settings) == "file"

    def full_path(self, path: str) -> str:
        """Return a path as the driver takes it."""
        return f"{root_of(self.settings)}/{check_path(str(path))}".lstrip("/" if not self.is_local else "")

    _full_path = full_path

    def url(self, path: str) -> str:
        """Return the address of a file, as other programs take it."""
        if self.is_local:
            return Path(self.full_path(path)).absolute().as_uri()
        return str(self.fs.unstrip_protocol(self.full_path(path)))

    @contextmanager
    def _telling(self, verb: str, path: str) -> Iterator[None]:
        """Turn what a driver raises into djnb's errors."""
        try:
            yield
        except DataJointError:
            raise
        except FileNotFoundError as error:
            self.check_place()
            self._check_bucket(error)
            raise missing_file(self.name, path) from error
        except Exception as error:
            self.check_place()
            raise StoreError(
                f"'{path}' cannot be {verb} in the store '{self.name}' ({root_of(self.settings)}): {_reason(error)}.",
                remedy="Check that there is room, and that you may do it.",
            ) from error

    def check_place(self) -> None:
        """
        Refuse a local folder that is not there: a disk that is not mounted must not become an empty folder.

        Raises
        ------
        StoreError
            The folder is missing.
        """
        if self.is_local and not Path(self.settings.location).is_dir():
            raise StoreError(
                f"The folder of the store '{self.name}' is not there: '{self.settings.location}'.",
                remedy="Connect the disk or create the folder, or correct "
                f"`dj.config.stores[{self.name!r}]['location']`.",
            )

    def _check_bucket(self, cause: Exception | None = None) -> None:
        """
        Refuse a bucket or container that is not there, after something in it was not found.

        Nobody asks before: that would cost a request for each file.
        """
        bucket = self.settings.bucket or self.settings.container
        if not bucket or not writes_whole(self.settings):
            return
        try:
            is_there = bool(self.fs.exists(bucket))
        except Exception:  # noqa: BLE001 -- what was asked at first is told
            return
        if not is_there:
            setting = "bucket" if self.settings.bucket else "container"
            raise StoreError(
                f"The store '{self.name}' has no {setting} '{bucket}' on its server: there is none of this name, "
                "or its keys do not open it.",
                remedy=f"Create the {setting}, or correct `dj.config.stores[{self.name!r}][{setting!r}]`, "
                "the server and the keys.",
            ) from cause

    # -- looking

    def exists(self, path: str) -> bool:
        """Tell whether there is a file or a folder."""
        with self._telling("looked for", path):
            self.check_place()
            return bool(self.fs.exists(self.full_path(path)))

    def isdir(self, path: str) -> bool:
        """Tell whether there is a folder."""
        with self._telling("looked for", path):
            return bool(self.fs.isdir(self.full_path(path)))

    def size(self, path: str) -> int:
        """Return the size of a file in bytes."""
        with self._telling("looked for", path):
            return int(self.fs.size(self.full_path(path)))

    def version(self, path: str) -> object:
        """Return what changes when a file is written anew or marked as used; None where the driver does not tell."""
        with self._telling("looked for", path):
            try:
                return cast(object, self.fs.modified(self.full_path(path)))
            except NotImplementedError:  # fsspec's word for a driver that does not know it
                return None

    def walk(self, path: str) -> Iterator[tuple[str, int, datetime | None]]:
        """Yield path, size in bytes and time of the last change (UTC) of all files in a folder and below."""
        start = len(root_of(self.settings).lstrip("/" if not self.is_local else "").rstrip("/")) + 1
        if not self.exists(path):
            self._check_bucket()
            return
        with self._telling("listed", path):
            found = self.fs.find(self.full_path(path), detail=True)
        for full, info in sorted(found.items()):
            shown = full.lstrip("/") if not self.is_local else full
            yield shown[start:], int(info.get("size") or 0), _time(info)

    # -- reading

    def get_buffer(self, path: str) -> bytes:
        """
        Return the content of a file.

        Raises
        ------
        MissingFileError
            It is not there.
        """
        with self._telling("read", path):
            return bytes(self.fs.cat_file(self.full_path(path)))

    def get_file(self, path: str, local_path: str | Path) -> None:
        """Copy a file to a local path, whole or not at all."""
        target = Path(local_path)
        partial = target.with_name(f".{target.name}.{make_token()}{PARTIAL}")
        with self._telling("read", path):
            try:
                self.fs.get_file(self.full_path(path), str(partial))
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)

    def open(self, path: str, mode: str = "rb") -> IO[Any]:
        """Open a file; one that is opened for writing appears when it is closed."""
        with self._telling("opened", path):
            if "r" not in mode:
                self.check_place()
                self._make_folder(path)
            return cast("IO[Any]", self.fs.open(self.full_path(path), mode))

    def get_fsmap(self, path: str) -> FSMap:
        """Return a folder as a mapping of names to contents, as Zarr and xarray take it."""
        from fsspec import FSMap

        self.check_place()
        return FSMap(self.full_path(path), self.fs)

    # -- writing

    def put_buffer(self, buffer: bytes, path: str) -> bool:
        """
        Write a file; return whether it is new.

        Raises
        ------
        StoreError
            Another content is there already.
        """
        if self.exists(path):
            if self.get_buffer(path) != buffer:
                raise self._taken(path)
            self.touch(path, buffer)
            return False
        with self._telling("written", path), self._place_for(path) as full:
            self.fs.pipe_file(full, buffer)
        written.note(self, path, self.version(path))
        return True

    def put_file(self, local_path: str | Path, path: str) -> None:
        """
        Copy a local file into the store.

        Raises
        ------
        StoreError
            Another file is there already.
        """
        if self.exists(path):
            if not self._is_same(Path(local_path), path):
                raise self._taken(path)
            return
        with self._telling("written", path), self._place_for(path) as full:
            self.fs.put_file(str(local_path), full)
        written.note(self, path)

    def put_folder(self, local_path: str | Path, path: str) -> dict[str, Any]:
        """
        Copy a local folder into the store, with a list of its files beside it.

        Returns
        -------
        dict
            ``files`` (path and size of each), ``total_size`` in bytes, ``item_count``, ``created``.

        Raises
        ------
        StoreError
            Something is there already.
        """
        source = Path(local_path)
        if self.exists(path):
            raise self._taken(path)
        written.note(self, path)
        written.note(self, path + MANIFEST)
        sizes = {
            file.relative_to(source).as_posix(): file.stat().st_size
            for file in sorted(source.rglob("*"))
            if file.is_file()
        }
        with self._telling("written", path):
            self.fs.makedirs(self.full_path(path), exist_ok=True)
            for name in sizes:
                full = self.full_path(f"{path}/{name}")
                self.fs.makedirs(full.rpartition("/")[0], exist_ok=True)
                self.fs.put_file(str(source / name), full)
        manifest = {
            "files": [{"path": name, "size": size} for name, size in sizes.items()],
            "total_size": sum(sizes.values()),
            "item_count": len(sizes),
            "created": datetime.now(UTC).isoformat(),
        }
        with self._telling("written", path):
            self.fs.pipe_file(self.full_path(path + MANIFEST), json.dumps(manifest, indent=2).encode())
        return manifest

    def touch(self, path: str, content: bytes) -> None:
        """Mark a file as used anew, so that nobody who has written it takes it back."""
        with self._telling("written", path):
            if self.is_local:
                os.utime(self.full_path(path))
            else:  # servers change the time of a file that is written again
                self.fs.pipe_file(self.full_path(path), content)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it; what is not there is passed over."""
        with self._telling("removed", path):
            full = self.full_path(path)
            with suppress(FileNotFoundError):
                self.fs.rm(full, recursive=bool(self.fs.isdir(full)))
            self._remove_empty(path)

    def remove_folder(self, path: str) -> None:
        """Remove a folder and the list of its files."""
        self.remove(path)
        self.remove(path + MANIFEST)

    def _remove_empty(self, path: str) -> None:
        """Remove the folders over a file that hold nothing any more; elsewhere than here there are no folders."""
        if self.is_local:
            root = Path(self.settings.location)
            for folder in Path(self.full_path(path)).parents:
                if folder == root or root not in folder.parents:
                    return
                try:
                    folder.rmdir()
                except OSError:
                    return

    @contextmanager
    def _place_for(self, path: str) -> Iterator[str]:
        """Give the name under which to write; move what was written into place, or remove it."""
        self.check_place()
        self._make_folder(path)
        full = self.full_path(path)
        if writes_whole(self.settings):
            yield full
            return
        folder, _, name = full.rpartition("/")
        partial = f"{folder}/.{name}.{make_token()}{PARTIAL}"
        try:
            yield partial
            if self.is_local:
                os.replace(partial, full)  # noqa: PTH105 -- the paths are texts
            else:
                self.fs.mv(partial, full)
        except BaseException:
            with suppress(Exception):
                self.fs.rm_file(partial)
            raise

    def _make_folder(self, path: str) -> None:
        if not writes_whole(self.settings):
            self.fs.makedirs(self.full_path(path).rpartition("/")[0], exist_ok=True)

    def _is_same(self, local: Path, path: str) -> bool:
        if local.stat().st_size != self.size(path):
            return False
        if self.is_local and Path(self.full_path(path)).samefile(local):
            return True
        with local.open("rb") as ours, self.open(path) as theirs:
            return _content_hash(ours) == _content_hash(theirs)

    def _taken(self, path: str) -> StoreError:
        return StoreError(
            f"The store '{self.name}' has another content at '{path}', which is not overwritten.",
            remedy="Choose another path, or remove that file if nothing refers to it.",
        )


def missing_file(store: str, path: str) -> MissingFileError:
    """Build the error for a file that is not there; who knows the row adds it."""
    error = MissingFileError(
        f"There is no file '{path}' in the store '{store}'.",
        remedy="Restore it from a backup, or delete the row and make it again.",
    )
    error.store, error.path = store, path
    return error


def _content_hash(file: IO[bytes]) -> bytes:
    import hashlib

    digest = hashlib.blake2b()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.digest()


def _reason(error: Exception) -> str:
    """Return what an error says, without the path that the message has already."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return f"{type(error).__name__}: {error}".rstrip(". ")


def _time(info: Mapping[str, Any]) -> datetime | None:
    """Return the time of the last change that a driver tells, under one of several names."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = info.get(name)
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, str):
            with suppress(ValueError):
                return datetime.fromisoformat(value)
    return None
