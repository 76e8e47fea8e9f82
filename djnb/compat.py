"""
djnb in the place of DataJoint, for packages that say ``import datajoint``.

>>> import djnb.compat
>>> djnb.compat.install()
>>> import datajoint as dj

From then on, in this process, ``datajoint`` and its modules give the names of djnb. Nothing else changes: a program
that never calls `install` may use both libraries side by side. What djnb cannot give raises an ``AttributeError`` that
says what to use instead.
"""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.metadata
import importlib.util
import io
import logging
import re
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from djnb.errors import CompatError, DataJointError, did_you_mean

VERSION = "0.14.9"
"""What ``datajoint.__version__`` says, unless `install` is told otherwise: packages compare it with what they need."""


class ThreadSafetyError(DataJointError):
    """DataJoint raises it where threads share a connection; djnb gives each its own, and never does."""


class ClassProperty:
    """A property of the class."""

    def __init__(self, get: Callable[[Any], Any]) -> None:
        self._get = get

    def __get__(self, instance: Any, owner: type) -> Any:
        return self._get(owner)


def key_hash(mapping: Mapping[str, Any]) -> str:
    """Return the MD5 of a key's values in the order of their names, as 32 hexadecimal digits."""
    return hashlib.md5("".join(str(mapping[name]) for name in sorted(mapping)).encode()).hexdigest()


def uuid_from_stream(stream: IO[bytes], *, init_string: str = "") -> uuid.UUID:
    """Return the MD5 of a text and of what is left in a stream, as a UUID."""
    digest = hashlib.md5(init_string.encode())
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return uuid.UUID(bytes=digest.digest())


def uuid_from_buffer(buffer: bytes = b"", *, init_string: str = "") -> uuid.UUID:
    """Return the MD5 of a text and of bytes, as a UUID."""
    return uuid_from_stream(io.BytesIO(buffer), init_string=init_string)


def uuid_from_file(filepath: str | Path, *, init_string: str = "") -> uuid.UUID:
    """Return the MD5 of a text and of a file, as a UUID."""
    with Path(filepath).open("rb") as stream:
        return uuid_from_stream(stream, init_string=init_string)


def is_camel_case(name: str) -> bool:
    """Tell whether a name can be that of a table class."""
    return re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) is not None


def get_master(full_table_name: str) -> str:
    """Return the full name of the master of a part table, or an empty text for other tables."""
    match = re.fullmatch(r"(`[^`]+`\.`.*?[^_])__[^`_][^`]*`", full_table_name)
    return f"{match[1]}`" if match else ""


def user_choice(prompt: str, choices: Sequence[str] = ("yes", "no"), default: str | None = None) -> str:
    """
    Return "yes" or "no", asked as a deletion is.

    Raises
    ------
    ConsentError
        There is nobody to ask.
    """
    from djnb.tables import consent

    if tuple(choices) != ("yes", "no"):
        raise CompatError("djnb asks for yes or no only.", remedy="Ask for other choices with `input()`.")
    return "yes" if consent.ask(prompt) else "no"


# A name of DataJoint's that djnb has under another name, or in another place: module, then the name in it.
_NAMES: dict[str, str] = {
    "AutoPopulate": "djnb.tables.autopopulate:AutoPopulate",
    "BucketInaccessible": "djnb.errors:StoreError",
    "Compute": "djnb:Computed",
    "Di": "djnb:Diagram",
    "ERD": "djnb:Diagram",
    "Entry": "djnb:Manual",
    "Ingest": "djnb:Imported",
    "MissingExternalFile": "djnb.errors:MissingFileError",
    "QueryError": "djnb.errors:DatabaseError",
    "QueryExpression": "djnb:Query",
    "TableMeta": "djnb.tables.metaclass:TableMeta",
    "UserTable": "djnb:Table",
    "create_virtual_module": "djnb:VirtualModule",
    "from_camel_case": "djnb.model.naming:to_snake",
    "to_camel_case": "djnb.model.naming:to_camel",
} | {
    each.__name__: f"{__name__}:{each.__name__}"
    for each in (
        *(ThreadSafetyError, ClassProperty, get_master, is_camel_case, key_hash),
        *(user_choice, uuid_from_buffer, uuid_from_file, uuid_from_stream),
    )
}

# The modules of DataJoint, and the one of djnb whose names each gives too. All of them give the names of the top.
_MODULES: dict[str, str | None] = {
    **dict.fromkeys(("admin", "attribute_adapter", "condition", "declare", "dependencies", "expression", "external")),
    **dict.fromkeys(("fetch", "hash", "heading", "jobs", "logging", "plugin", "table", "user_tables")),
    **dict.fromkeys(("utils", "version")),
    "autopopulate": "djnb.tables.autopopulate",
    "blob": "djnb.codecs.blob",
    "codecs": "djnb.codecs",
    "connection": "djnb.connection",
    "diagram": "djnb.diagram",
    "errors": "djnb.errors",
    "migrate": "djnb.migrate",
    "preview": "djnb.preview",
    "schemas": "djnb.schemas",
    "settings": "djnb.settings",
}

_INSTEAD: dict[str, str] = {
    "GarbageCollector": "Use `djnb.find_orphans(store)`, and `execute()` of the plan that it returns.",
    "Instance": "Use a connection of its own: `dj.Connection('mysql://user@host')`, `dj.Schema(…, connection=…)`.",
    "Job": "Use `schema.jobs`, or `Table.jobs`.",
    "SparkAdapter": "Fetch with `to_pandas()`.",
    "StorageAdapter": "Stores are opened by fsspec; register a file system there.",
    "get_storage_adapter": "Stores are opened by fsspec; register a file system there.",
    "kill": "Ask the server: `SHOW PROCESSLIST`, `KILL`.",
    "set_password": "Ask the server: `SET PASSWORD`.",
    "topo_sort": "`connection.catalogue.dependencies().order(names)` has parents before children.",
    "unite_master_parts": "`connection.catalogue.dependencies().order(names)` has parents before children.",
    "ExternalTable": "Tables of files are read by the tables that refer to them.",
    "ExternalMapping": "Tables of files are read by the tables that refer to them.",
    "LOCALCONFIG": "Settings are written into `djnb.toml`; `dj_local_conf.json` is read.",
    "GLOBALCONFIG": "Settings are written into `djnb.toml`; `~/.datajoint_config.json` is read.",
    "make_condition": "Restrict a query instead: `query & condition`.",
    "deploy": "There is nothing to deploy with djnb.",
    **dict.fromkeys(
        ("analyze_columns", "migrate_columns", "analyze_blob_columns", "migrate_blob_columns", "migrate_external"),
        "Tables of DataJoint 0.14 and 2 are read as they are; nothing of their columns has to be migrated.",
    ),
    "rebuild_lineage": "Use `schema.rebuild_lineage()`.",
    "gc": "Use `djnb.find_orphans(store)`, and `execute()` of the plan that it returns.",
}


def _top_names() -> list[str]:
    import djnb

    return [*djnb.__all__, *_NAMES, "key", "logger"]


def _lookup(name: str) -> Any:
    """Return what djnb has for a name of DataJoint's; raise AttributeError if nothing."""
    if name == "key":
        return "KEY"  # `fetch(dj.key)` is `fetch("KEY")`
    if name == "logger":
        return logging.getLogger("datajoint")
    module, _, attribute = _NAMES.get(name, f"djnb:{name}").partition(":")
    return getattr(importlib.import_module(module), attribute)


def of_datajoint(name: str) -> Any:
    """
    Return what djnb has for a name that DataJoint has at its top and djnb has not, such as ``ERD`` or ``logger``.

    A program whose import line is changed to ``import djnb as dj`` goes on to use these names.

    Raises
    ------
    AttributeError
        There is nothing; the message says what to use instead.
    """
    if name in _NAMES or name in ("key", "logger"):
        return _lookup(name)
    if name in _MODULES and name not in _INSTEAD:
        home = _MODULES[name]
        if home == f"djnb.{name}":
            return importlib.import_module(home)
        module = _Module(f"datajoint.{name}", "djnb, by the names of DataJoint.")
        vars(module)["_home"] = home
        return module
    remedy = _INSTEAD.get(name) or did_you_mean(name, _top_names())
    raise AttributeError(f"module 'djnb' has no attribute '{name}'{f'. {remedy}' if remedy else ''}")


class _Module(ModuleType):
    """A module of DataJoint's name with the names of djnb, looked up when they are asked for."""

    _home: str | None = None
    """The module of djnb whose names this one gives too."""

    def __getattr__(self, name: str) -> Any:
        short = self.__name__.partition(".")[2]
        if name == "__all__" and not short:
            return [each for each in _top_names() if _can_look_up(each)]
        if name.startswith("__"):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        if not short and name in _MODULES and name not in _INSTEAD:
            return importlib.import_module(f"{self.__name__}.{name}")
        homes: list[Callable[[str], Any]] = [_lookup]
        if self._home is not None:
            homes.insert(0, lambda each: getattr(importlib.import_module(str(self._home)), each))
        if short == "settings" and name == "config":
            homes = [_lookup]
        for home in homes:
            try:
                return home(name)
            except (AttributeError, ModuleNotFoundError):
                continue
        remedy = _INSTEAD.get(name) or did_you_mean(name, _top_names()) or "See djnb's `__all__` for what there is."
        raise AttributeError(f"djnb has no `{name}` to stand for `{self.__name__}.{name}`. {remedy}")

    def __dir__(self) -> Iterable[str]:
        own = dir(importlib.import_module(self._home)) if self._home is not None else _top_names()
        return sorted({*super().__dir__(), *own})


class _Distribution(importlib.metadata.Distribution):
    """What ``importlib.metadata.version("datajoint")`` finds."""

    def __init__(self, version: str) -> None:
        self._version = version

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: datajoint\nVersion: {self._version}\nSummary: djnb in its place\n"

    def locate_file(self, path: Any) -> Any:
        return Path(__file__).parent / path


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``datajoint`` and its modules, before Python looks for files."""

    def __init__(self, version: str) -> None:
        self.version = version

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, short = fullname.partition(".")
        if package != "datajoint" or (short and short not in _MODULES):
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=not short)

    def find_distributions(self, context: Any = None) -> Iterable[importlib.metadata.Distribution]:
        asked = getattr(context, "name", None)
        return [_Distribution(self.version)] if asked in (None, "datajoint") else []

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name, "djnb, by the names of DataJoint.")

    def exec_module(self, module: ModuleType) -> None:
        short = module.__name__.partition(".")[2]
        vars(module)["__version__"] = self.version
        vars(module)["_home"] = _MODULES.get(short)


def _can_look_up(name: str) -> bool:
    try:
        _lookup(name)
    except (AttributeError, ModuleNotFoundError):
        return False
    return True


_installed: _Finder | None = None
_allowed_before = False


def install(*, version: str = VERSION) -> None:
    """
    Let ``import datajoint`` give djnb, in this process, from now on.

    Classic pipelines declare computed tables with primary keys of their own, so those are allowed
    (``config.jobs.allow_new_pk_fields_in_computed_tables``). Calling it again changes the version only.

    Parameters
    ----------
    version : str
        What ``datajoint.__version__`` says. Give "2.3.5" to a package that was written for DataJoint 2.

    Raises
    ------
    CompatError
        DataJoint itself is imported already; its names would stay behind in modules that have imported it.
    """
    global _installed, _allowed_before
    if _installed is not None:
        _installed.version = version
        if "datajoint" in sys.modules:
            vars(sys.modules["datajoint"])["__version__"] = version
        return
    if "datajoint" in sys.modules:
        raise CompatError(
            "DataJoint itself is imported already, so that djnb cannot take its place.",
            remedy="Call `djnb.compat.install()` before anything imports `datajoint`; in a notebook, restart the "
            "kernel and begin with it.",
        )
    from djnb.settings import get_config

    jobs = get_config().jobs
    _allowed_before = jobs.allow_new_pk_fields_in_computed_tables
    jobs.allow_new_pk_fields_in_computed_tables = True
    _installed = _Finder(version)
    sys.meta_path.insert(0, _installed)


def uninstall() -> None:
    """
    Let ``import datajoint`` find DataJoint again, if it is there.

    Modules that have imported it meanwhile keep what they have.
    """
    global _installed
    if _installed is None:
        return
    from djnb.settings import get_config

    sys.meta_path.remove(_installed)
    _installed = None
    for name in [name for name, module in sys.modules.items() if isinstance(module, _Module)]:
        del sys.modules[name]
    get_config().jobs.allow_new_pk_fields_in_computed_tables = _allowed_before
