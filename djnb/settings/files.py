"""The files of settings: where they are looked for."""

from __future__ import annotations

from pathlib import Path

FILE_NAME = "djnb.toml"


def find_file() -> Path | None:
    """Return the nearest ``djnb.toml`` from the working directory up to the first folder with a ``.git``, or None."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / FILE_NAME
        if file.is_file():
            return file
        if (folder / ".git").exists():
            return None
    return None
