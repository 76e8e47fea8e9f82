"""
The codecs, by name.

A class that derives from `Codec` and has a name is registered when its body has run.
The built-in ones are known by the name of their module, which is imported when somebody asks for the codec.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import threading
from abc import ABC, abstractmethod
from typing import Any, ClassVar, cast

from djnb.errors import CodecError, UnknownCodecError, did_you_mean

_BUILT_IN = {
    "attach": "djnb.codecs.attach",
    "blob": "djnb.codecs.blob.codec",
    "filepath": "djnb.codecs.filepath",
    "hash": "djnb.codecs.hash",
    "npy": "djnb.codecs.npy",
    "object": "djnb.codecs.object",
    "unmarked": "djnb.codecs.blob.codec",
    "tracked_blob": "djnb.codecs.tracked",
    "tracked_attach": "djnb.codecs.tracked",
    "tracked_filepath": "djnb.codecs.tracked",
}

# ``unmarked`` is what djnb gives to blob columns that say nothing about themselves, and ``tracked_…`` to the columns of
# DataJoint 0.14 whose files another table lists; nobody declares them.
_INTERNAL = frozenset({"unmarked", "tracked_blob", "tracked_attach", "tracked_filepath"})

_ENTRY_POINTS = ("datajoint.codecs", "datajoint.types")
"""Where installed packages say which codecs they bring; the second name is an old one."""

_classes: dict[str, type[Codec]] = {}
_instances: dict[str, Any] = {}

# Held for dictionary operations only, never during an import: an import has a lock of its own, and two locks
# taken in either order would let two threads wait for each other.
_lock = threading.Lock()


class Codec(ABC):
    """
    How one kind of value is kept in a database; derive from it to add a kind.

    There is one instance of each codec, made without arguments when it is first needed; it serves all threads.

    Attributes
    ----------
    name : str
        What a definition writes between ``<`` and ``>``. A class without a name is a base for others and is not
        registered; neither is one declared with ``register=False``.

    Raises
    ------
    CodecError
        The name is not a word, or another class has it. The same class defined again, as when a notebook cell runs
        again, takes the place of the earlier one.

    Examples
    --------
    >>> class Graph(Codec):
    ...     name = "graph"
    ...
    ...     def get_dtype(self, is_store):
    ...         return "<blob>"
    ...
    ...     def encode(self, value, *, key=None, context=None, store_name=None):
    ...         return {"nodes": list(value.nodes), "edges": list(value.edges)}
    ...
    ...     def decode(self, stored, *, key=None, context=None):
    ...         import networkx
    ...
    ...         graph = networkx.Graph(stored["edges"])
    ...         graph.add_nodes_from(stored["nodes"])
    ...         return graph
    """

    name: ClassVar[str] = ""

    needs_row: ClassVar[bool] = True
    """Whether `encode` looks at the key; False saves the time of gathering it."""

    def __init_subclass__(cls, *, register: bool = True, **options: Any) -> None:
        super().__init_subclass__(**options)
        if register and cls.name:
            _register(cls)

    @abstractmethod
    def get_dtype(self, is_store: bool) -> str:
        """
        Return the type that holds what `encode` returns: a core type such as ``"bytes"``, or a codec, ``"<blob>"``.

        Parameters
        ----------
        is_store : bool
            True if the definition names a store, ``<name@store>`` or ``<name@>``.
        """

    @abstractmethod
    def encode(self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None) -> Any:
        """
        Return the value as the type of `get_dtype` keeps it.

        A codec declares of the keywords what it uses; the others are not given to it.

        Parameters
        ----------
        value : object
            What the user inserts; never None, which is NULL in every type.
        key : dict, optional
            The primary key of the row. To a codec that does not declare ``context``, its entries come here too, as
            ``_schema``, ``_table``, ``_field`` and ``_config``, for codecs written before DataJoint 2.3.4.
        context : dict, optional
            Where the value belongs: ``schema``, ``table``, ``field`` and ``config``.
        store_name : str, optional
            The store that the definition names, or the default store.
        """

    @abstractmethod
    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> Any:
        """
        Return the value that `encode` was given; never called for NULL.

        ``context`` has ``download_path`` too, the folder for what becomes a local file. A codec may declare
        ``store_name``.
        """

    def validate(self, value: Any) -> None:  # noqa: B027 -- a hook: codecs that check values override it
        """Raise an error if the value is not one that this codec can keep; by default every value passes."""


def get_codec(name: str) -> Codec:
    """
    Return the codec with this name.

    Parameters
    ----------
    name : str
        ``"blob"``; also as a definition spells it, ``"<blob>"`` or ``"<blob@cold>"``.

    Raises
    ------
    UnknownCodecError
        No codec has the name; the message offers the nearest one.
    CodecError
        An installed package brings it, and fails.
    """
    bare = name.strip().removeprefix("<").removesuffix(">").partition("@")[0].strip()
    if bare in _instances:
        return cast("Codec", _instances[bare])
    if bare not in _classes and bare in _BUILT_IN:
        importlib.import_module(_BUILT_IN[bare])
    if bare not in _classes and _load_entry_point(bare):
        return cast("Codec", _instances[bare])
    if bare not in _classes:
        known = list_codecs()
        raise UnknownCodecError(
            f"There is no codec '{bare}'.",
            remedy=f"{did_you_mean(bare, known)}Known codecs are: {', '.join(known)}. "
            f'To add one, derive a class from `dj.Codec` with `name = "{bare}"`; '
            "if it exists already, import the module that defines it.",
        )
    with _lock:
        if bare not in _instances:
            _instances[bare] = _classes[bare]()
        return cast("Codec", _instances[bare])


def list_codecs() -> list[str]:
    """Return the names that a definition can write between ``<`` and ``>``, sorted."""
    return sorted({*_BUILT_IN, *_classes, *_instances, *_entry_points()} - _INTERNAL)


def put_codec(name: str, codec: Any) -> None:
    """
    Make an object known as a codec; it has a codec's methods, whatever its class is.

    Raises
    ------
    CodecError
        Another codec has the name.
    """
    with _lock:
        if _holder(name) is not None and type(_instances.get(name)) is not type(codec):
            raise _taken(f"`{type(codec).__qualname__}`", name)
        _instances[name] = codec


def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for group in _ENTRY_POINTS for point in importlib.metadata.entry_points(group=group)}


def _load_entry_point(name: str) -> bool:
    """
    Import the codec that an installed package brings; tell whether one does.

    Raises
    ------
    CodecError
        The package's code fails. Other codecs are not concerned.
    """
    point = _entry_points().get(name)
    if point is None:
        return False
    try:
        loaded = point.load()
        codec = loaded() if isinstance(loaded, type) else loaded
    except Exception as error:
        package = f" '{point.dist.name}'" if point.dist is not None else ""
        raise CodecError(
            f"The codec '{name}' cannot be used: `{point.value}` of the installed package{package} fails with "
            f"{type(error).__name__}: {error}".rstrip(".")
            + ".",
            remedy="Mend, update or uninstall that package.",
        ) from error
    with _lock:
        _instances.setdefault(name, codec)
    return True


def _register(cls: type[Codec]) -> None:
    name: Any = cls.name
    # The grammar of a definition reads such words only.
    if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z_]\w*", name):
        raise CodecError(
            f"`{cls.__qualname__}` cannot be registered: its name {name!r} is not a word.",
            remedy="Give it a `name` of letters, digits and underscores; a definition asks for it as `<name>`.",
        )
    with _lock:
        holder = _holder(name)
        if holder not in (None, (cls.__module__, cls.__qualname__)):
            raise _taken(f"`{cls.__module__}.{cls.__qualname__}`", name)
        _classes[name] = cls
        _instances.pop(name, None)


def _taken(subject: str, name: str) -> CodecError:
    return CodecError(
        f"{subject} cannot be registered: the codec name '{name}' belongs to `{'.'.join(_holder(name) or ())}`.",
        remedy="Choose another `name`, or write `register=False` after the base class if this is a base for "
        "other codecs.",
    )


def _holder(name: str) -> tuple[str, ...] | None:
    """Return module and qualified name of the class that has this codec name, as far as they are known."""
    if name in _classes:
        return (_classes[name].__module__, _classes[name].__qualname__)
    if name in _BUILT_IN:
        return (_BUILT_IN[name], f"{name.title().replace('_', '')}Codec")
    if name in _instances:
        return (type(_instances[name]).__module__, type(_instances[name]).__qualname__)
    return None
