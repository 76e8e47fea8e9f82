"""
What functions that activate schemas set in their modules, as other processes get it.

Published modules wait for who uses them: their ``activate(name, linking_module=...)`` keeps in a global the module that
has their parents and root folders. A process that only imports such a module has called nothing of it.
"""

from __future__ import annotations

import dis
import importlib
import logging
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from djnb.errors import describe

logger = logging.getLogger(__name__)

_ACTIVATES = "activate"
"""A function that says this name activates a schema."""


@dataclass(frozen=True)
class Setting:
    """
    A global that a module's function has set.

    Attributes
    ----------
    module, name : str
        Which.
    value : bytes or Names
        Its value, pickled; or what is needed of a module that cannot be imported elsewhere.
    """

    module: str
    name: str
    value: bytes | Names


@dataclass(frozen=True)
class Names:
    """Some names of a module, a notebook perhaps, with their values, pickled one by one."""

    module: str
    values: dict[str, bytes]


def settings_of(modules: Iterable[str], dump: Callable[[Any], bytes]) -> list[Setting]:
    """
    Return the globals that functions of modules have set which activate schemas.

    A module that is imported goes by its name. Of another one, or of ``__main__``, the names go that the code of the
    modules mentions. What cannot be pickled is left out, with a warning in the log.

    Parameters
    ----------
    modules : iterable of str
        The modules, which are imported here.
    dump : callable
        Pickles a value.
    """
    codes = {name: list(_codes(sys.modules[name])) for name in modules}
    mentioned = {word for code in _all(codes) for word in (*code.co_names, *code.co_consts) if isinstance(word, str)}
    found = []
    for module, own in codes.items():
        for name in sorted({name for code in own if _ACTIVATES in code.co_names for name in _stored(code)}):
            value = vars(sys.modules[module]).get(name)
            if isinstance(value, ModuleType) and type(value) is ModuleType and not _is_importable(value):
                some = {n: v for n, v in vars(value).items() if n in mentioned and not n.startswith("__")}
                each = {n: _dumped(v, dump, f"{value.__name__}.{n}") for n, v in some.items()}
                sent: bytes | Names | None = Names(value.__name__, {n: data for n, data in each.items() if data})
            else:
                sent = _dumped(value, dump, f"{module}.{name}")
            if sent is not None:
                found.append(Setting(module, name, sent))
    return found


def set_again(settings: Iterable[Setting]) -> None:
    """Set globals in the modules of this process; one that cannot be had here is warned of in the log."""
    for setting in settings:
        try:
            value = _loaded(setting.value)
            setattr(importlib.import_module(setting.module), setting.name, value)
        except Exception as error:  # noqa: BLE001 -- a module that is imported for it may raise anything
            logger.warning("`%s.%s` is not set in this process: %s", setting.module, setting.name, describe(error))


def _loaded(value: bytes | Names) -> Any:
    if isinstance(value, bytes):
        return pickle.loads(value)
    module = ModuleType(value.module)
    vars(module).update({name: pickle.loads(data) for name, data in value.values.items()})
    return module


def _dumped(value: Any, dump: Callable[[Any], bytes], what: str) -> bytes | None:
    try:
        return dump(value)
    except Exception as error:  # noqa: BLE001 -- whatever it is, only who needs it is hurt
        logger.warning("`%s` is not sent to other processes: %s", what, describe(error))
        return None


def _is_importable(module: ModuleType) -> bool:
    name = module.__name__
    return name != "__main__" and module.__spec__ is not None and sys.modules.get(name) is module


def _codes(module: ModuleType) -> Iterator[CodeType]:
    """Yield the code of a module and of all that is defined in it."""
    read = getattr(getattr(module.__spec__, "loader", None), "get_code", None)
    code = read(module.__name__) if read is not None else None
    if code is not None:
        yield from _within(code)


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _within(constant)


def _stored(code: CodeType) -> Iterator[str]:
    """Yield the globals that a function sets; a module's own code says otherwise how it sets them."""
    return (step.argval for step in dis.get_instructions(code) if step.opname == "STORE_GLOBAL")


def _all(codes: dict[str, list[CodeType]]) -> Iterator[CodeType]:
    for own in codes.values():
        yield from own
