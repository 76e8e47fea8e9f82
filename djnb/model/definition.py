"""
The language of definitions.

=============================================  ==========================================================
line                                           means
=============================================  ==========================================================
``# text`` (first line)                        the table's comment
``# text``, blank                              nothing
``name : type  # comment``                     an attribute
``name = default : type``                      an attribute with a default; ``null`` makes it nullable
``-> Parent``                                  a foreign key
``-> [nullable, unique] Parent.proj(b='a')``   with options, and with ``a`` renamed to ``b``
``---``                                        what follows is not in the primary key
``index(a, b)``, ``unique index(a)``           an index
=============================================  ==========================================================

Source of the grammar: DataJoint for Python 0.12 to 2.3, table definitions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from djnb.errors import DefinitionError, UnknownTypeError
from djnb.model.attribute import NULL, Default
from djnb.model.core_types import AttributeType, Family, parse_type

_KEYWORD = re.compile(r"NULL|CURRENT_TIMESTAMP\s*(?:\(\s*[0-6]?\s*\))?", re.I | re.A)
_WITHOUT_ORDER = {Family.CODEC, Family.BYTES, Family.JSON}
_WITHOUT_DEFAULT = {*_WITHOUT_ORDER, Family.UUID}
_TIMES = {Family.DATE, Family.DATETIME}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MAX_NAME = 64
_MAX_INDEXED = 16
"""Attributes of an index: what MySQL holds."""
_MAX_TABLE_COMMENT = 2048
_MAX_COMMENT = 1024
"""In characters: what MySQL and MariaDB hold. A type that is recorded counts as part of the comment."""


@dataclass(frozen=True)
class Line:
    """One line of a definition; ``number`` counts from 1, ``text`` is stripped."""

    number: int
    text: str
    in_key: bool


@dataclass(frozen=True)
class AttributeLine(Line):
    """``name = default : type  # comment``; the columns are where default and type begin."""

    name: str = ""
    type: AttributeType = field(default_factory=lambda: parse_type("int32"))
    default: Default | None = None
    comment: str = ""
    default_column: int = 0
    type_column: int = 0


@dataclass(frozen=True)
class ForeignKeyLine(Line):
    """``-> [options] expression``; ``column`` is where the expression begins."""

    expression: str = ""
    column: int = 0
    is_nullable: bool = False
    is_unique: bool = False


@dataclass(frozen=True)
class IndexLine(Line):
    """``[unique] index(a, b)``."""

    names: tuple[str, ...] = ()
    is_unique: bool = False


@dataclass(frozen=True)
class Definition:
    """A definition that has been read."""

    comment: str
    lines: tuple[Line, ...]


def parse_definition(text: str, *, table: str = "") -> Definition:
    """
    Read a definition.

    Parameters
    ----------
    text : str
        The class attribute ``definition``.
    table : str
        The class's name, for messages.

    Raises
    ------
    DefinitionError
        A line cannot be read; the message shows it with a caret and says what to write.
    UnknownTypeError
        A type is not known.
    """
    comment, lines, in_key = "", [], True
    first = True
    # Not splitlines(): other characters that end a line may stand in comments.
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith("#"):
            if first:
                comment = line[1:].strip()
                if comment.startswith(":"):
                    raise DefinitionError.at(
                        line, number, line.index(":"), "A comment must not begin with a colon.", table=table
                    )
                _check_comment(comment, _MAX_TABLE_COMMENT, line, number, table)
        elif line.startswith("---") or re.fullmatch(r"_{3,}", line):
            in_key = False
        else:
            lines.append(_parse_line(line, number, in_key, table))
        first = False
    return Definition(comment, tuple(lines))


def _parse_line(line: str, number: int, in_key: bool, table: str) -> Line:
    if re.match(r"[^\"'#]*->", line):
        return _parse_foreign_key(line, number, in_key, table)
    if re.match(r"(unique\s+)?index\s*\(", line, re.I):
        return _parse_index(line, number, in_key, table)
    return _parse_attribute(line, number, in_key, table)


def _parse_foreign_key(line: str, number: int, in_key: bool, table: str) -> ForeignKeyLine:
    end = _outside_quotes(line, "#", "\"'`")
    text = line if end < 0 else line[:end]
    # A comment may hold anything; a bracket may open nothing but options.
    match = re.match(r"->\s*(?:\[(?P<options>[^\]]*)\])?\s*", text)
    expression = "" if match is None else text[match.end() :].rstrip()
    if match is None or not expression or expression.startswith("["):
        raise DefinitionError.at(
            line, number, line.index("->"), "A foreign key names its parent after the arrow.",
            remedy="Write `-> Parent`, `-> [nullable] Parent` or `-> Parent.proj(new='old')`.", table=table,
        )  # fmt: skip
    options = {}
    for option in re.finditer(r"[^,\s](?:[^,]*[^,\s])?", match["options"] or ""):
        options[option[0].lower()] = at = match.start("options") + option.start()
        if option[0].lower() not in ("nullable", "unique"):
            raise DefinitionError.at(
                line, number, at, f"'{option[0]}' is not an option of a foreign key.",
                remedy="The options are `nullable` and `unique`.", table=table,
            )  # fmt: skip
    if in_key and "nullable" in options:
        raise DefinitionError.at(
            line, number, options["nullable"], "A foreign key of the primary key cannot be nullable.",
            remedy="Move the line below `---`, or leave out `nullable`.", table=table,
        )  # fmt: skip
    return ForeignKeyLine(number, line, in_key, expression, match.end(), "nullable" in options, "unique" in options)


def _parse_index(line: str, number: int, in_key: bool, table: str) -> IndexLine:
    match = re.fullmatch(r"(?P<unique>unique\s+)?index\s*\((?P<names>[^)]*)\)\s*(?:#.*)?", line, re.I)
    if re.match(r"[^(]*\([^#]*[(.:]", line):
        raise DefinitionError.at(
            line, number, line.find("(") + 1, "An index lists attributes; not every database can index expressions.",
            remedy="Declare an attribute that holds the value, `name : type`, and index that.", table=table,
        )  # fmt: skip
    names = [name.strip(" `") for name in match["names"].split(",")] if match else []
    if match is None or not all(_NAME.fullmatch(name) for name in names):
        raise DefinitionError.at(
            line, number, line.find("(") + 1, "An index lists attributes.",
            remedy="Write `index(a, b)` or `unique index(a)`.", table=table,
        )  # fmt: skip
    if len(names) > _MAX_INDEXED:
        raise DefinitionError.at(
            line, number, line.find("(") + 1, f"The index lists {len(names)} attributes; {_MAX_INDEXED} are allowed.",
            remedy="List the first ones that tell rows apart.", table=table,
        )  # fmt: skip
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DefinitionError.at(
            line, number, line.rindex(twice), f"The index lists '{twice}' twice.",
            remedy="List every attribute once.", table=table,
        )  # fmt: skip
    return IndexLine(number, line, in_key, tuple(names), bool(match["unique"]))


def _outside_quotes(text: str, char: str, quotes: str = "\"'") -> int:
    """Return where a character first stands outside quotes, or -1."""
    quote = ""
    for index, current in enumerate(text):
        if quote:
            quote = "" if current == quote else quote
        elif current in quotes:
            quote = current
        elif current == char:
            return index
    return -1


def _parse_attribute(line: str, number: int, in_key: bool, table: str) -> AttributeLine:
    colon = _outside_quotes(line, ":")
    hash_at = _outside_quotes(line, "#")
    if colon < 0 or 0 <= hash_at < colon:
        raise DefinitionError.at(
            line, number, len(line) if hash_at < 0 else hash_at, "An attribute needs a colon and a type.",
            remedy="Write `name : type  # comment`, for example `x : float64  # V`.", table=table,
        )  # fmt: skip
    left, rest = line[:colon], line[colon + 1 :]
    name_text, equals, default_text = left.partition("=")
    name = name_text.strip()
    if not _NAME.fullmatch(name):
        remedy = (
            "A leading underscore is kept for djnb's own attributes; begin with a letter."
            if name.startswith("_")
            else "Begin with a lower-case letter; go on with lower-case letters, digits and underscores."
        )
        raise DefinitionError.at(
            line, number, 0, f"'{name}' cannot be the name of an attribute.", remedy=remedy, table=table
        )
    if len(name) > _MAX_NAME:
        raise DefinitionError.at(
            line, number, 0, f"The name has {len(name)} characters; {_MAX_NAME} are allowed.",
            remedy="Give the attribute a shorter name, and say the rest in its comment.", table=table,
        )  # fmt: skip
    type_end = _outside_quotes(rest, "#")
    type_text = rest if type_end < 0 else rest[:type_end]
    comment = "" if type_end < 0 else rest[type_end + 1 :].strip()
    type_at = colon + 1 + len(type_text) - len(type_text.lstrip())
    if comment.startswith(":"):
        raise DefinitionError.at(
            line, number, line.rindex(comment), "A comment must not begin with a colon.",
            remedy="The colon records types in the database; begin with a word.", table=table,
        )  # fmt: skip
    try:
        attribute_type = parse_type(type_text.strip())
    except UnknownTypeError as error:
        raise UnknownTypeError.at(line, number, type_at, error.message, remedy=error.remedy, table=table) from None
    recorded = len(attribute_type.text) + 2 if attribute_type.is_core else 0
    _check_comment(comment, _MAX_COMMENT - recorded, line, number, table)
    default = _parse_default(default_text.strip()) if equals else None
    default_at = len(left) - len(default_text.lstrip())
    if default == NULL and in_key:
        raise DefinitionError.at(
            line, number, default_at, "An attribute of the primary key cannot be null.",
            remedy="Move the line below `---`, or give a default that is a value.", table=table,
        )  # fmt: skip
    if default not in (None, NULL) and attribute_type.family in _WITHOUT_DEFAULT:
        raise DefinitionError.at(
            line, number, default_at, f"`{attribute_type}` can only default to null.",
            remedy=f"Write `{name} = null : {attribute_type}`.", table=table,
        )  # fmt: skip
    if default is not None and default.is_keyword and default != NULL and attribute_type.family not in _TIMES:
        raise DefinitionError.at(
            line, number, default_at, f"`{attribute_type}` cannot default to the present time.",
            remedy=f"Write `{name} = CURRENT_TIMESTAMP : datetime`, or another default.", table=table,
        )  # fmt: skip
    if in_key and (attribute_type.family in _WITHOUT_ORDER or attribute_type.is_text):
        raise DefinitionError.at(
            line, number, type_at, f"`{attribute_type}` cannot be in the primary key.",
            remedy="Identify the row by a number, a name (`varchar(64)`) or a `uuid`, "
            "and move this line below `---`.", table=table,
        )  # fmt: skip
    blank = next((value for value in attribute_type.values if value.endswith(" ")), None)
    if blank is not None:
        raise DefinitionError.at(
            line, number, type_at, f"{blank!r} ends with a blank, which servers take away from the values of an enum.",
            remedy="Leave the blank out.", table=table,
        )  # fmt: skip
    if attribute_type.autoincrement and default is not None:
        raise DefinitionError.at(
            line, number, default_at, "What the database numbers has no default.",
            remedy=f"Write `{name} : {attribute_type}`.", table=table,
        )  # fmt: skip
    if attribute_type.autoincrement and not in_key:
        raise DefinitionError.at(
            line, number, type_at, "Only an attribute of the primary key can be numbered by the database.",
            remedy="Move the line above `---`, or leave out `auto_increment`.", table=table,
        )  # fmt: skip
    return AttributeLine(number, line, in_key, name, attribute_type, default, comment, default_at, type_at)


def _check_comment(comment: str, limit: int, line: str, number: int, table: str) -> None:
    if len(comment) > limit:
        start = line.rindex(comment)
        raise DefinitionError.at(
            line[: start + 60] + "…", number, start, f"The comment is longer than {limit} characters.",
            remedy="Say it shorter; put the rest into the class's docstring.", table=table,
        )  # fmt: skip


def _parse_default(text: str) -> Default:
    """Return a default; text in quotes loses them, a bare word stays as it is."""
    if _KEYWORD.fullmatch(text):
        return NULL if text.upper() == "NULL" else Default(text.upper(), is_keyword=True)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return Default(text[1:-1].replace(text[0] * 2, text[0]))
    return Default(text)
