"""Functions of many rows: over groups, and over windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from djnb.sql.functions import FUNCTIONS, WINDOWS
from djnb.sql.statement import Statement, compose, join

if TYPE_CHECKING:
    from djnb.sql.expressions import Speaker


def say_aggregate(speaker: Speaker, node: Any) -> Statement:
    """Return a function of the rows of a group."""
    name, arguments = str(node.this), list(node.expressions)
    is_distinct = bool(arguments) and type(arguments[0]).__name__ == "Distinct"
    if is_distinct:
        arguments = list(arguments[0].expressions)
    kind = speaker.kind(arguments[0])
    if FUNCTIONS[name].gives == "float64":  # of integers, servers compute decimals of four digits
        said = [compose("({} + 0e0)", _seen(speaker, arguments[0], speaker.as_number(arguments[0])))]
    elif FUNCTIONS[name].kind_of(0) in ("number", "integer"):
        said = [_seen(speaker, arguments[0], speaker.as_number(arguments[0]))]
    else:
        said = [_seen(speaker, argument, speaker.say(argument)) for argument in arguments]
    template = speaker.dialect.aggregates.get(name, "{}")
    if name == "COUNT" and is_distinct and len(said) > 1:
        return compose(speaker.dialect.count_distinct, join(", ", said))
    function = speaker.dialect.function(name, is_exact=bool(kind.is_exact and kind.scale))
    distinct = "DISTINCT " if is_distinct else ""
    return compose(template, compose(f"{function}({distinct}{{}})", join(", ", said)))


def _seen(speaker: Speaker, node: Any, said: Statement) -> Statement:
    """
    Return an argument of a function of many rows, NULL in the row that stands for a group without rows.

    All attributes are NULL in that row, but not everything that is computed from them is.
    """
    from sqlglot import exp

    matched = speaker.groups.matched if speaker.groups is not None else None
    if matched is None or isinstance(node, exp.Column) or node.find_ancestor(exp.Query, exp.Window) is not None:
        return said
    return matched if isinstance(node, exp.Star) else compose("CASE WHEN {} IS NOT NULL THEN {} END", matched, said)


def say_group_concat(speaker: Speaker, node: Any) -> Statement:
    """Return GROUP_CONCAT, with its order and what stands between the texts."""
    from sqlglot import exp

    inner, ordered = node.this, []
    if isinstance(inner, exp.Order):
        ordered, inner = list(inner.expressions), inner.this
    is_distinct = isinstance(inner, exp.Distinct)
    value = inner.expressions[0] if is_distinct else inner
    separator = node.args.get("separator")
    mark = Statement(speaker.dialect.placeholder, (",",)) if separator is None else speaker.say(separator)
    said = _seen(speaker, value, speaker.as_text(value))
    keys = [(speaker.say(key.this), bool(key.args.get("desc"))) for key in ordered]
    return speaker.dialect.group_concat(said, keys, mark, is_distinct=is_distinct)


def say_window(speaker: Speaker, node: Any) -> Statement:
    """Return a function with OVER."""
    from sqlglot import exp

    inner = node.this
    name = str(inner.this)
    arguments = list(inner.expressions)
    distinct = "DISTINCT " if arguments and isinstance(arguments[0], exp.Distinct) else ""
    if distinct:
        arguments = list(arguments[0].expressions)
    function = name if name in WINDOWS else speaker.dialect.function(name)
    called = compose(f"{function}({distinct}{{}})", join(", ", map(speaker.say, arguments)))
    clauses: list[Statement] = []
    if node.args.get("partition_by"):
        clauses.append(compose("PARTITION BY {}", join(", ", map(speaker.say, node.args["partition_by"]))))
    order = node.args.get("order")
    if order is not None:
        keys = (compose("{}{}", speaker.say(k.this), " DESC" if k.args.get("desc") else "") for k in order.expressions)
        clauses.append(compose("ORDER BY {}", join(", ", keys)))
    if node.args.get("spec") is not None:
        frame = node.args["spec"].sql(dialect=speaker.dialect.sqlglot_name)
        clauses.append(compose("{}", speaker.dialect.escape(frame)))
    return compose("{} OVER ({})", called, join(" ", clauses))
