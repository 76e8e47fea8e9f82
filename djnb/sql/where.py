"""Conditions and expressions in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from djnb.algebra.conditions import (
    Always,
    AmongKeys,
    Both,
    Condition,
    Contains,
    Either,
    Equals,
    EqualsAt,
    Fails,
    Follows,
    Holds,
    Matches,
)
from djnb.algebra.expression import Expression
from djnb.algebra.nodes import Node
from djnb.errors import InvalidValueError
from djnb.model.core_types import AttributeType, Family
from djnb.model.heading import Heading
from djnb.sql.dialect import Dialect
from djnb.sql.expressions import Columns, say_expression, shallow
from djnb.sql.paths import equality
from djnb.sql.statement import Statement, compose, join
from djnb.sql.values import UnfitError, encoder

Exists = Callable[[Node, tuple[tuple[str, str], ...], Columns], Statement]
"""Says ``EXISTS (SELECT … )`` for a query whose rows match the given columns; ``sql.select`` has it."""


def bind(name: str, value: Any, attribute_type: AttributeType, dialect: Dialect) -> Statement:
    """
    Return the placeholder for a value that is compared with an attribute.

    Raises
    ------
    InvalidValueError
        The value does not fit the attribute's type.
    """
    try:
        return Statement(dialect.placeholder, (encoder(attribute_type, dialect)(value),))
    except UnfitError as error:
        problem = InvalidValueError(
            f"'{name}' (`{attribute_type}`) is compared with {value!r}, which {error}.",
            remedy="Restrict by a value of the attribute's type.",
        )
        problem.attribute, problem.value = name, value
        raise problem from None


def say_condition(
    condition: Condition, columns: Columns, heading: Heading, dialect: Dialect, exists: Exists
) -> Statement:
    """Return a condition as SQL that can stand in a WHERE, each part in parentheses."""

    def bind_to(name: str, value: Any) -> Statement:
        if name not in heading:  # a hidden one, of which only djnb says anything, as it is stored
            return Statement(dialect.placeholder, (value,))
        return bind(name, value, heading[name].type, dialect)

    def equal(name: str, value: Any) -> Statement:
        if value is None:
            return compose("{} IS NULL", columns[name])
        return compose("{} = {}", columns[name], bind_to(name, value))

    def follows(item: Follows) -> Statement:
        (*same, name), (*values, value) = item.names, item.values
        parts = [equal(*pair) for pair in zip(same, values, strict=True)]
        if parts and heading[same[0]].type.family is Family.ENUM and dialect.no_choice:
            parts[0] = compose(f"{{}} IN ({{}}, {dialect.no_choice})", columns[same[0]], bind_to(same[0], values[0]))
        kind = heading[name].type
        if kind.family is Family.ENUM:  # servers order the values as they are listed, but compare their texts
            place = kind.values.index(value)
            further = kind.values[:place] if item.descends else kind.values[place + 1 :]
            parts.append(_among((name,), tuple((value,) for value in further)) if further else say(Always(False)))
        elif value is None:  # NULL comes before every value
            parts.append(say(Always(False)) if item.descends else compose("{} IS NOT NULL", columns[name]))
        elif item.descends and heading[name].nullable:
            parts.append(compose("({} < {} OR {} IS NULL)", columns[name], bind_to(name, value), columns[name]))
        else:
            sign = "<" if item.descends else ">"
            parts.append(compose(f"{{}} {sign} {{}}", columns[name], bind_to(name, value)))
        return shallow(" AND ", parts)

    def say(item: Condition) -> Statement:
        match item:
            case Always(value):
                return Statement("1=1" if value else "1=0")
            case Holds(expression):
                return compose("({})", say_expression(expression, columns, heading, dialect))
            case Equals(name, value):
                return equal(name, value)
            case EqualsAt(path, value):
                return say_expression(Expression(path.text, tree=equality(path, value)), columns, heading, dialect)
            case Follows():
                return follows(item)
            case Contains(name, text):
                # Said by functions that every database has of its own, which are ten times as fast as djnb's.
                value = columns[name]
                if heading[name].type.family not in (Family.STRING, Family.ENUM):
                    value = compose("CAST({} AS CHAR)", value)
                return compose("instr(lower({}), {}) > 0", value, Statement(dialect.placeholder, (text.lower(),)))
            case AmongKeys(names, rows):
                return _among(names, rows)
            case Both(items):
                return shallow(" AND ", [say(item) for item in items])
            case Either(items):
                return shallow(" OR ", [say(item) for item in items])
            case Fails(Matches() as inner):
                return compose("NOT {}", say(inner))
            case Fails(inner):
                # A row for which the condition is unknown does not meet it, so it stays.
                return compose("NOT COALESCE({}, 0)", compose("({})", say(inner)))
            case Matches(node, pairs):
                return exists(node, pairs, columns)
        raise TypeError(f"{type(item).__name__} is no condition")

    def _among(names: tuple[str, ...], rows: tuple[tuple[Any, ...], ...]) -> Statement:
        encode = [heading[name].type for name in names]
        if not names:  # the key of a singleton table: every row has it
            return say(Always(bool(rows)))
        if len(rows) == 1:
            # MariaDB uses no index for one row value in an UPDATE or a DELETE, and locks the whole table.
            return say(Both(tuple(map(Equals, names, rows[0]))))
        if len(names) == 1:
            listed = join(", ", (bind(names[0], row[0], encode[0], dialect) for row in rows))
            return compose("{} IN ({})", columns[names[0]], listed)
        # MySQL and MariaDB use an index for a list of row values, and SQLite for VALUES.
        values = join(
            ", ",
            (
                compose(
                    "({})", join(", ", (bind(n, v, t, dialect) for n, v, t in zip(names, row, encode, strict=True)))
                )
                for row in rows
            ),
        )
        left = join(", ", (columns[name] for name in names))
        return compose("({}) IN ({})", left, compose(dialect.row_list, values))

    return say(condition)
