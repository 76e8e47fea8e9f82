"""
The settings of DataJoint, read so that a lab's files and variables go on to count; never written.

Files, the first that has a setting:

1. ``datajoint.json``, from the working directory upward, as far as the first folder with a ``.git`` or ``.hg``;
   then its secrets: a file for each in ``.secrets`` beside it, else in ``/run/secrets/datajoint``;
2. ``dj_local_conf.json`` in the working directory, else ``~/.datajoint_config.json``, of DataJoint up to 0.14.

What djnb does not know or cannot take never keeps it from starting: it is passed over, and logged.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

SECRETS_OF_THE_MACHINE = Path("/run/secrets/datajoint")
FILE_OF_THE_USER = "~/.datajoint_config.json"

ALIASES = {"display.show_tuple_count": "display.show_row_count"}
"""Names of DataJoint for settings that djnb calls otherwise."""

WITHOUT_EFFECT: dict[str, tuple[Any, str]] = {
    "add_hidden_timestamp": (False, "tables get no hidden time"),
    "cache": (None, "results are not cached"),
    "connection.charset": ("", "text is utf8mb4 always"),
    "connection.init_function": (None, "a connection sends nothing at its start"),
    "database.backend": ("mysql", "the address says which database it is"),
    "database.database_prefix": ("", "a schema has the name that it is given"),
    "database.name": (None, "the address says which database it is"),
    "display.diagram_theme": ("auto", "diagrams follow the notebook's colours"),
    "enable_python_native_blobs": (True, "values of Python are always packed"),
    "filepath_checksum_size_limit": (None, "every file is checked"),
    "filepath_checksum_size_limit_insert": (None, "every file is checked"),
    "loglevel": ("INFO", "`logging.getLogger('djnb')` has a level"),
    "query_cache": (None, "results are not cached"),
}
"""Settings of DataJoint that djnb takes without acting on them: what it does anyway, and the reason."""

_VARIABLES = {
    "DJ_HOST": "database.host",
    "DJ_USER": "database.user",
    "DJ_PASS": "database.password",
    "DJ_PORT": "database.port",
    "DJ_USE_TLS": "database.use_tls",
    "DJ_RECONNECT": "database.reconnect",
    "DJ_BACKEND": "database.backend",
    "DJ_CREATE_TABLES": "database.create_tables",
    "DJ_SAFEMODE": "safemode",
    "DJ_STORES": "stores",
    "DJ_DOWNLOAD_PATH": "download_path",
    "DJ_DISPLAY": "display",
    "DJ_DIAGRAM_DIRECTION": "display.diagram_direction",
    "DJ_LOG_LEVEL": "loglevel",
    "DJ_QUERY_CACHE": "query_cache",
}
_GROUPS = frozenset({"database", "display", "jobs", "connection", "provenance"})

Check = Callable[[str, Any], str | None]
"""Takes a name and a value; returns why the value cannot be taken, an empty text for an unknown name, else None."""


@dataclass(frozen=True)
class Source:
    """Settings by their dotted names, and where they stand."""

    where: str
    values: Mapping[str, Any]


def environment(environ: Mapping[str, str] | None = None) -> Source:
    """Return the variables of DataJoint."""
    given = os.environ if environ is None else environ
    values = {name: given[variable] for variable, name in _VARIABLES.items() if given.get(variable)}
    for variable, text in given.items():
        if variable.startswith("DJ_JOBS_") and text:
            values["jobs." + variable.removeprefix("DJ_JOBS_").lower()] = text
    read: dict[str, Any] = dict(values)
    for name in ("stores", "display"):
        if name in read:
            try:
                read[name] = json.loads(read[name])
            except ValueError:
                logger.warning("The variable DJ_%s is not JSON and is passed over", name.upper())
                del read[name]
    return Source("the environment of DataJoint", dict(_flat(read)))


def files() -> list[Source]:
    """Return the files of DataJoint, those that count more first."""
    if os.environ.get("DJ_IGNORE_CONFIG_FILE", "").lower() in {"1", "true", "yes"}:
        return []
    current = _find()
    beside = current.parent / ".secrets" if current is not None else None
    folder = beside if beside is not None and beside.is_dir() else SECRETS_OF_THE_MACHINE
    secrets = _read_secrets(folder) if folder.is_dir() else Source("", {})
    # One source: the secrets are for the server that the file names.
    found = [_join(_read(current), secrets) if current is not None else secrets]
    classic = [Path("dj_local_conf.json"), Path(FILE_OF_THE_USER).expanduser()]
    found += [_read(file) for file in classic if file.is_file()][:1]
    return [source for source in found if source.values]


def _find() -> Path | None:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "datajoint.json").is_file():
            return folder / "datajoint.json"
        if (folder / ".git").exists() or (folder / ".hg").exists():
            return None
    return None


def _read(file: Path) -> Source:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(read, dict):
            raise ValueError("it holds no settings by name")
    except (OSError, ValueError) as error:
        logger.warning("DataJoint's settings in '%s' are passed over: %s", file, error)
        read = {}
    return Source(f"'{file}'", _with_stores(dict(_flat(read))))


def _read_secrets(folder: Path) -> Source:
    values: dict[str, Any] = {}
    for file in sorted(folder.iterdir()):
        try:
            if not file.is_file() or file.name.startswith("."):
                continue
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            logger.warning("The secret '%s' is passed over: %s", file, type(error).__name__)
            continue
        if match := re.fullmatch(r"stores\.([^.]+)\.([^.]+)", file.name):
            values.setdefault("stores", {}).setdefault(match[1], {})[match[2]] = text
        else:
            values[file.name] = text
    return Source(f"'{folder}'", values)


def _join(file: Source, secrets: Source) -> Source:
    """Return a file of settings with its secrets, which count less."""
    values = {**secrets.values, **file.values}
    stores = [source.values.get("stores") for source in (file, secrets)]
    if all(isinstance(each, Mapping) for each in stores):
        merged: dict[str, Any] = {name: dict(each) for name, each in secrets.values["stores"].items()}
        for name, each in file.values["stores"].items():
            merged[name] = {**merged.get(name, {}), **each} if isinstance(each, Mapping) else each
        values["stores"] = merged
    return Source(file.where, values)


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give settings by dotted names, whether a file has them so, as 0.14 does, or in groups, as 2 does."""
    for name, value in settings.items():
        if name in _GROUPS and isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value


def _with_stores(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which those of a store that have names of their own, ``stores.main.location``, are its."""
    names = {name: match for name in settings if (match := re.fullmatch(r"stores\.([^.]+)\.([^.]+)", name))}
    result = {name: value for name, value in settings.items() if name not in names}
    given = result.get("stores")
    stores = dict(given) if isinstance(given, Mapping) else {}
    for name, match in names.items():
        known = stores.get(match[1])
        stores[match[1]] = {**(known if isinstance(known, Mapping) else {}), match[2]: settings[name]}
    return {**result, "stores": stores} if names else result


def accepted(source: Source, check: Check) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what djnb takes of a source, by dotted names, and what it does not know."""
    taken: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in source.values.items():
        name = ALIASES.get(name, name)
        if value is None:
            continue
        if name == "database.use_tls" and isinstance(value, Mapping):
            value = True  # 0.14 takes the settings of the encryption here
        if name == "database.host" and (match := re.fullmatch(r"([^:\[\]]+):(\d+)", str(value))):
            value = match[1]
            taken["database.port"] = match[2]
        problem = check(name, value)
        if problem is None:
            taken[name] = value
        elif problem:
            logger.warning("DataJoint's setting `%s` in %s is passed over: %s", name, source.where, problem)
        else:
            unknown[name] = value
            logger.debug("DataJoint's setting `%s` in %s is unknown to djnb and kept as it is", name, source.where)
    return taken, unknown
