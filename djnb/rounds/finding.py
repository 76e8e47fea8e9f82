"""Which tables a worker is for: those of a module, or some of them, parents before children."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

from djnb.errors import PopulateError, did_you_mean
from djnb.tables.autopopulate import AutoPopulate


def find_tables(module_name: str, names: Sequence[str] = ()) -> list[type[AutoPopulate]]:
    """
    Import a module and return its tables that fill themselves, parents before children.

    Parameters
    ----------
    module_name : str
        ``package.module``; it may be in the working directory. Of a package, its modules that it imports count too.
    names : sequence of str
        Classes, ``Analysis`` or ``module.Analysis``; all if there are none.

    Raises
    ------
    PopulateError
        There is no such module, or no such table in it.
    """
    module = _import(module_name)
    found = dict(_tables_of(module, module_name.partition(".")[0], set()))
    chosen = {cls: None for name in names for cls in [_choose(name, found, module_name)]} if names else found.values()
    tables = list(dict.fromkeys(chosen))
    if not tables:
        raise PopulateError(
            f"`{module_name}` has no Imported or Computed table with a `make` that a schema has decorated.",
            remedy="Name the module in which the tables are declared.",
        )
    connection = tables[0]().connection
    order = connection.catalogue.dependencies().order(table().name for table in tables)
    return sorted(tables, key=lambda table: order.index(table().name))


def _import(name: str) -> ModuleType:
    if "" not in sys.path and "." not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and not (name + ".").startswith(error.name + "."):
            raise
        raise PopulateError(
            f"There is no module '{name}'.",
            remedy="Give the name by which Python imports it, `package.module`, in its folder or with it installed.",
        ) from error


def _tables_of(module: ModuleType, package: str, seen: set[str]) -> Iterator[tuple[str, type[AutoPopulate]]]:
    seen.add(module.__name__)
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and issubclass(value, AutoPopulate) and value._table is not None:
            if value.has_make():
                yield f"{module.__name__}.{name}", value
        elif isinstance(value, ModuleType) and _is_within(value, package) and value.__name__ not in seen:
            yield from _tables_of(value, package, seen)


def _is_within(module: ModuleType, package: str) -> bool:
    return module.__name__.partition(".")[0] == package


def _choose(name: str, found: dict[str, type[AutoPopulate]], module: str) -> type[AutoPopulate]:
    fitting = {cls for full, cls in found.items() if f".{full}".endswith(f".{name}")}
    if len(fitting) == 1:
        return fitting.pop()
    if fitting:
        raise PopulateError(f"'{name}' may be several tables of `{module}`.", remedy="Say which: `module.Table`.")
    known = sorted({full.rpartition(".")[2] for full in found})
    raise PopulateError(
        f"`{module}` has no table '{name}' that fills itself.",
        remedy=f"{did_you_mean(name, known)}There are: {', '.join(known) or 'none'}.",
    )
