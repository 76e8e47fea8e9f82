"""
The code of a schema: a Python module that declares the tables which are in the database.

Tables of other schemas that they refer to are taken from virtual modules, and parts stand within their masters.
"""

from __future__ import annotations

import keyword
import os
import re
from collections.abc import Iterable
from pathlib import Path
from textwrap import indent

from djnb.connection import Connection
from djnb.declaration.describe import describe
from djnb.errors import DefinitionError, OperandError, warn_user
from djnb.model.naming import TableName, Tier, table_name
from djnb.model.spec import TableSpec
from djnb.schemas.listing import specs_of

_INDENT = " " * 4


class CodeLeftOutWarning(UserWarning):
    """A table has no class in the code of its schema."""


class CodeText(str):
    """Python code; alone at the end of a cell it is shown as it is written, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def write_code(connection: Connection, schema: str) -> CodeText:
    """
    Return the code that declares the tables of a schema, parents first.

    Contents of Lookup tables and the ``make`` of computed ones are not in the database as code, and are left out.
    """
    specs = specs_of(connection, schema)
    masters, parts = _sorted_out(specs)
    others = _modules_of({k.parent.schema for s in specs.values() for k in s.foreign_keys} - {schema}, masters)
    names = {name: name.class_name for name in (*masters, *(part for listed in parts.values() for part in listed))}
    for spec in specs.values():
        for key in spec.foreign_keys:
            if key.parent.schema != schema and _is_class(key.parent):
                names[key.parent] = f"{others[key.parent.schema]}.{key.parent.class_name}"
    head = [f"schema = dj.Schema({schema!r})"]
    head += [f"{module} = dj.VirtualModule({module!r}, {other!r})" for other, module in others.items()]
    blocks = ["import djnb as dj", "\n".join(head)]
    for name in _parents_first(specs, masters, parts):
        body = [_class(connection, specs[name], names)]
        body += [indent(_class(connection, specs[part], names), _INDENT) for part in parts[name]]
        blocks.append("\n@schema\n" + "\n\n".join(body))
    return CodeText("\n\n".join(blocks) + "\n")


def save_code(code: str, path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """
    Write code to a file.

    Raises
    ------
    OperandError
        The file is there, and is not to be overwritten.
    """
    try:
        with Path(path).open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(code)
    except FileExistsError:
        raise OperandError(
            f"The file '{os.fspath(path)}' is there already, and is left as it is.",
            remedy="Give another name, or say `overwrite=True`.",
        ) from None


def _is_class(name: TableName) -> bool:
    """Whether a class can be called so that it declares the table."""
    if name.tier is None:
        return False
    master = name.master
    own = name.class_name.rpartition(".")[2]
    try:
        declared = table_name(own, name.tier, master.table if master else "")
    except DefinitionError:
        return False
    return declared == name.table and (master is None or _is_class(master))


def _sorted_out(specs: dict[TableName, TableSpec]) -> tuple[list[TableName], dict[TableName, list[TableName]]]:
    """Return the tables that have classes of their own, and the parts within each; tell of the others."""
    masters: list[TableName] = []
    left_out: list[TableName] = []
    taken: set[str] = set()
    for name in specs:
        if name.tier is Tier.PART:
            continue
        if not _is_class(name) or name.class_name in taken:
            left_out.append(name)
        else:
            masters.append(name)
            taken.add(name.class_name)
    parts: dict[TableName, list[TableName]] = {name: [] for name in masters}
    for name in specs:
        if name.tier is Tier.PART and name.master is not None:
            listed = parts.get(name.master) if _is_class(name) else None
            (left_out if listed is None else listed).append(name)
    if left_out:
        warn_user(
            f"{', '.join(map(str, left_out))}: no class can declare a table of this name beside the others, so the "
            "code leaves it out.",
            CodeLeftOutWarning,
        )
    return masters, parts


def _modules_of(schemas: Iterable[str], masters: Iterable[TableName]) -> dict[str, str]:
    """Return what the modules of other schemas are called: as they are, as far as Python lets them."""
    modules: dict[str, str] = {}
    taken = {"dj", "schema", "master", "self", *(name.class_name for name in masters)}
    for schema in sorted(schemas):
        module = re.sub(r"\W", "_", schema, flags=re.ASCII)
        if keyword.iskeyword(module) or not module[:1].isalpha():
            module = f"schema_{module}"
        while module in taken:
            module += "_"
        taken.add(module)
        modules[schema] = module
    return modules


def _parents_first(
    specs: dict[TableName, TableSpec], masters: list[TableName], parts: dict[TableName, list[TableName]]
) -> list[TableName]:
    """Return the classes so that those come first to which another one, or a part within it, refers."""
    waiting = list(masters)
    done: list[TableName] = []
    while waiting:
        ready = [name for name in waiting if not _needed(specs, name, parts[name]) & set(waiting) - {name}]
        # In a ring, which only parts can close, no order is right.
        done.append((ready or waiting)[0])
        waiting.remove(done[-1])
    return done


def _needed(specs: dict[TableName, TableSpec], name: TableName, parts: list[TableName]) -> set[TableName]:
    keys = [key for table in (name, *parts) for key in specs[table].foreign_keys]
    return {key.parent.master or key.parent for key in keys}


def _class(connection: Connection, spec: TableSpec, names: dict[TableName, str]) -> str:
    tier = spec.name.tier
    assert tier is not None
    definition = str(describe(connection, spec, names))
    mark = '"""' if '"""' not in definition else "'''"
    prefix = "r" if "\\" in definition else ""
    text = f"definition = {prefix}{mark}\n{definition}\n{mark}"
    if mark in definition:  # a comment holds both
        text = f"definition = {definition!r}"
    own = spec.name.class_name.rpartition(".")[2]
    return f"class {own}(dj.{tier.value}):\n{indent(text, _INDENT)}"
