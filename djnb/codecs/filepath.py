"""``<filepath@store>``: a file that is in the store already, or in the folder that stages it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from djnb.codecs.registry import Codec
from djnb.errors import CodecError
from djnb.stores.configured import get_store
from djnb.stores.paths import check_path
from djnb.stores.refs import ObjectRef
from djnb.stores.store import Store


class FilepathCodec(Codec):
    """
    A path within a store; the file is the user's own, and is never changed or removed.

    Where the store has a ``stage``, as up to DataJoint 0.14, the path of a file in that folder is taken too: the file
    is copied to the store. A fetch then gives the path of the file in the stage, copied there if need be; without a
    stage it gives an `ObjectRef`.
    """

    name = "filepath"
    needs_row = False

    def get_dtype(self, is_store: bool) -> str:
        """
        Return ``"json"``.

        Raises
        ------
        CodecError
            The definition names no store.
        """
        if not is_store:
            raise CodecError(
                "`<filepath>` is the path of a file in a store.", remedy="Name the store: `<filepath@main>`."
            )
        return "json"

    def validate(self, value: Any) -> None:
        """Refuse what is no path."""
        if not isinstance(value, (str, os.PathLike)):
            raise TypeError(f"<filepath> takes a path, not {type(value).__name__}")

    def encode(
        self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None
    ) -> dict[str, Any]:
        """
        Return where the file is.

        Raises
        ------
        ValueError
            The file is not in the store, or in a folder of it that is not for such files.
        """
        store = get_store(store_name, for_filepath=True)
        if isinstance(value, ObjectRef):
            value = value.path
        path = self._staged(Path(value), store) or check_path(os.fspath(value))
        self._check(path, store)
        if not store.exists(path):
            raise ValueError(f"there is no file '{path}' in the store '{store.name}'")
        is_dir = store.isdir(path)
        return {
            "path": path,
            "store": store.name,
            "size": None if is_dir else store.size(path),
            "is_dir": is_dir,
            "timestamp": datetime.now(UTC).isoformat(),
        }

    def _staged(self, value: Path, store: Store) -> str | None:
        """Copy a file of the stage to the store; return its path there, or None if it is none."""
        if store.settings.stage is None or not value.is_absolute():
            return None
        path = staged_path(value, store)
        self._check(path, store)
        store.put_file(value, path)
        return path

    def _check(self, path: str, store: Store) -> None:
        settings = store.settings
        for folder in (settings.hash_prefix, settings.schema_prefix):
            if folder and f"{path}/".startswith(folder.strip("/") + "/"):
                raise ValueError(f"is in the folder '{folder}', whose files belong to other attributes")
        wanted = settings.filepath_prefix
        if wanted and not path.startswith(wanted.strip("/") + "/"):
            raise ValueError(f"is not in the folder '{wanted}', which the store has for such files")

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> Any:
        """Return an `ObjectRef`; the path of the copy in the stage, where the store has one."""
        store = get_store(stored.get("store"), for_filepath=True)
        if store.settings.stage is None or stored.get("is_dir"):
            return ObjectRef.from_json(stored, backend=store)
        return str(fetch_to_stage(stored["path"], stored.get("size"), store))


def staged_path(value: Path, store: Store) -> str:
    """
    Return the path that a file of the stage has in the store.

    Raises
    ------
    ValueError
        The file is not in the stage, or not there.
    """
    stage = Path(str(store.settings.stage)).absolute()
    try:
        path = value.absolute().relative_to(stage).as_posix()
    except ValueError:
        raise ValueError(f"is not in '{stage}', the stage of the store '{store.name}'") from None
    if not value.is_file():
        raise ValueError(f"there is no file '{value}'")
    return check_path(path)


def fetch_to_stage(path: str, size: int | None, store: Store) -> Path:
    """Return the path of a file in the stage, copied from the store unless it is there in its size."""
    local = Path(str(store.settings.stage)).absolute() / check_path(path)
    if not local.is_file() or (size is not None and local.stat().st_size != size):
        local.parent.mkdir(parents=True, exist_ok=True)
        store.get_file(path, local)
    return local
