"""Whether a table in the database is still the one that a definition describes, and how the two differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from djnb.errors import DefinitionError, did_you_mean
from djnb.model.alteration import Alteration
from djnb.model.attribute import Attribute, Default
from djnb.model.core_types import AttributeType, Family
from djnb.model.definition import AttributeLine, Definition, ForeignKeyLine, Line, parse_definition
from djnb.model.heading import Heading
from djnb.model.spec import TableSpec
from djnb.sql.ddl import stored_default
from djnb.sql.dialect import Dialect
from djnb.sql.values import UnfitError

_APART = {"timestamp", "year", "tinytext", "text", "mediumtext", "longtext"}
"""Native types that hold what a core type holds, in a column of another kind."""


class DefinitionChangedWarning(UserWarning):
    """A class's definition and the table that it was declared as, earlier, differ."""


def compare(
    old: TableSpec, new: TableSpec, renames: Mapping[str, str], heading: Heading, dialect: Dialect
) -> Alteration:
    """
    Return how a table is to change.

    Parameters
    ----------
    old, new : TableSpec
        The table as the database has it, and as a definition declares it.
    renames : mapping
        New name to old name.
    heading : Heading
        The old table's, in which attributes of foreign keys have their origin's type.
    dialect : Dialect
        How defaults are stored.

    Notes
    -----
    Hidden attributes stay as they are, with the indexes over them. An attribute that a foreign key brings, before and
    after, is its parent's matter. That a type is recorded in the comment, or is not because another program declared
    the table, is no difference, and stays so.
    """
    stays = {a.name: renames.get(a.name, a.name) for a in new.attributes}
    there = {a.name: a for a in old.attributes}
    visible = [a for a in new.attributes if not a.is_hidden]
    hidden = [a for a in old.attributes if a.is_hidden]
    origins = {name: old_name for name, old_name in stays.items() if old_name in there}
    origins |= {a.name: a.name for a in hidden}
    changed, listed = set(), []
    before_keys = {name for key in old.foreign_keys for name in key.names}
    after_keys = {name for key in new.foreign_keys for name in key.names}
    inherited = {name for key in old.foreign_keys if key in new.foreign_keys for name in key.names}
    for attribute in visible:
        if attribute.name not in origins:
            listed.append(attribute)
            continue
        before = there[origins[attribute.name]]
        known = heading[before.name].type if before.name in heading else before.type
        if attribute.name in inherited and before.name == attribute.name:
            after = replace(before, nullable=attribute.nullable, default=attribute.default)
        elif attribute.name in after_keys:
            after = attribute  # it must be what its parent is, to the letter
        else:
            becomes_own = before.name in before_keys and attribute.is_marked
            after = _as_stored(attribute, before, known, is_marked=before.is_marked or becomes_own)
        same = is_same(replace(before, type=known), after, dialect)
        if not same or (before.collation, before.is_marked) != (after.collation, after.is_marked):
            changed.add(attribute.name)
        listed.append(after)
    unseen = [i for i in old.indexes if any(name.startswith("_") for name in i.attributes)]
    whole = replace(new, attributes=(*listed, *hidden), indexes=(*new.indexes, *unseen))
    return Alteration(old, whole, origins, frozenset(changed))


def _as_stored(attribute: Attribute, before: Attribute, known: AttributeType, *, is_marked: bool) -> Attribute:
    """Return an attribute as its column is to be: of the same kind and characters as before, if its type stays."""
    if not is_same_type(known, attribute.type):
        return replace(attribute, collation=before.collation)
    return replace(
        attribute,
        type=known,
        is_marked=is_marked,
        sql_type=before.sql_type,
        collation=before.collation,
    )


def is_same(before: Attribute, after: Attribute, dialect: Dialect) -> bool:
    """Whether two attributes have the same column and the same comment; their names may differ."""
    return (
        is_same_type(before.type, after.type)
        and before.nullable == after.nullable
        and before.comment == after.comment
        and _is_same_default(before, after, dialect)
    )


def is_same_type(before: AttributeType, after: AttributeType) -> bool:
    """Whether two types are the same column with the same values, recorded in the comment or not."""
    if {before.codec, after.codec} == {"blob", "unmarked"}:
        return before.store == after.store
    if not before.is_core and before.family is Family.INTEGER and after.family is Family.BOOL:
        return before.bits == 8  # as classic pipelines have their bools
    return replace(before, is_core=True) == replace(after, is_core=True) and _kind(before) == _kind(after)


def _kind(attribute_type: AttributeType) -> str:
    word = re.split(r"\W", attribute_type.text, maxsplit=1)[0]
    return word if word in _APART else ""


def _is_same_default(before: Attribute, after: Attribute, dialect: Dialect) -> bool:
    one, other = before.default, after.default
    if one is None or other is None or one == other:
        return one == other
    if one.is_keyword or other.is_keyword:
        return one.is_keyword and other.is_keyword and _word(one) == _word(other)
    try:
        return stored_default(before, dialect) == stored_default(replace(after, type=before.type), dialect)
    except UnfitError:
        return False


def _word(default: Default) -> str:
    return default.text.partition("(")[0].upper()


_RENAMING = re.compile(r"\{\s*([a-z][a-z0-9_]*)\s*\}\s*(.*)", re.S)


def read_renames(definition: Definition, old: TableSpec, *, label: str) -> tuple[Definition, dict[str, str]]:
    """
    Return a definition without the marks of renamings, and which attributes are to be renamed, by new name.

    ``# {old_name} comment`` renames an attribute. A mark that was carried out already means nothing any more.

    Raises
    ------
    DefinitionError
        The attribute to rename is not there.
    """
    there = {a.name: a for a in old.attributes}
    declared = {line.name for line in definition.lines if isinstance(line, AttributeLine)}
    lines: list[Line] = []
    renames: dict[str, str] = {}
    for line in definition.lines:
        match = _RENAMING.fullmatch(line.comment) if isinstance(line, AttributeLine) else None
        if match and isinstance(line, AttributeLine):
            source, comment = match[1], match[2]
            stored = there.get(line.name)
            if stored is None:
                if source not in there or source in declared or source in renames.values():
                    near = did_you_mean(source, [name for name in there if name not in declared])
                    raise DefinitionError.at(
                        line.text, line.number, line.text.rindex("{"), f"There is no attribute '{source}' to rename.",
                        remedy=f"{near}Begin the comment with a word, if it means no renaming.", table=label,
                    )  # fmt: skip
                renames[line.name] = source
                line = replace(line, comment=comment)
            elif stored.comment != line.comment and source not in there:
                line = replace(line, comment=comment)
        lines.append(line)
    return Definition(definition.comment, tuple(lines)), renames


def differences(definition: str, heading: Heading, *, label: str) -> list[str]:
    """
    Return what a definition says otherwise than the table, one sentence each; no statement is sent.

    Only what can be told without looking at the parents is compared: names, key and recorded types of the attributes
    that the definition declares itself.

    Raises
    ------
    DefinitionError
        The definition cannot be read.
    """
    lines = parse_definition(definition, table=label).lines
    declared = {line.name: line for line in lines if isinstance(line, AttributeLine)}
    found = []
    for name, line in declared.items():
        if name not in heading:
            found.append(f"'{name}' is not in the table")
            continue
        attribute = heading[name]
        if attribute.in_key != line.in_key:
            found.append(f"'{name}' is {'' if attribute.in_key else 'not '}in the table's primary key")
        recorded = attribute.is_marked and attribute.type.is_core and line.type.is_core
        if recorded and attribute.type != line.type:
            found.append(f"'{name}' is `{attribute.type}` in the table, not `{line.type}`")
    if not any(isinstance(line, ForeignKeyLine) for line in lines):
        found += [f"'{name}' is in the table only" for name in heading.names if name not in declared]
    return found
