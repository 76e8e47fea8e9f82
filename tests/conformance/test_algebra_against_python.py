"""Random questions have the answers that a naive evaluation in Python gives, on every database."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

import djnb as dj
from djnb.sql.statement import Statement

NUMBERS = st.one_of(st.none(), st.integers(-2, 3))
OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">=": operator.ge,
}


@dataclass
class Relation:
    """What a query stands for: attributes, those of the key, and rows."""

    names: list[str]
    key: list[str]
    rows: list[dict[str, Any]]

    def where(self, holds):
        return Relation(self.names, self.key, [row for row in self.rows if holds(row)])

    def agreeing(self, other):
        """Return the pairs of rows that have equal values in all shared attributes; NULL equals nothing."""
        shared = [name for name in self.names if name in other.names]
        return [
            (one, two)
            for one, two in itertools.product(self.rows, other.rows)
            if all(one[name] is not None and one[name] == two[name] for name in shared)
        ]


def join(left, right):
    if set(right.key) <= set(left.names):
        key = left.key
    elif set(left.key) <= set(right.names):
        key = right.key
    else:
        key = left.key + [name for name in right.key if name not in left.key]
    names = left.names + [name for name in right.names if name not in left.names]
    return Relation(names, key, [{**two, **one} for one, two in left.agreeing(right)])


# Each kind of condition gives what is written after & and, for a row, True, False or None (unknown).


def draw_text(draw, names):
    kind = draw(st.sampled_from(["compare", "compare two", "null", "in", "and", "or", "not"]))
    name = draw(st.sampled_from(names))
    if kind == "compare":
        sign, number = draw(st.sampled_from(sorted(OPERATORS))), draw(st.integers(-2, 3))
        return f"{name} {sign} {number}", lambda row: compare(sign, row[name], number)
    if kind == "compare two":
        sign, other = draw(st.sampled_from(sorted(OPERATORS))), draw(st.sampled_from(names))
        return f"{name} {sign} {other}", lambda row: compare(sign, row[name], row[other])
    if kind == "null":
        return f"{name} IS NULL", lambda row: row[name] is None
    if kind == "in":
        listed = draw(st.lists(st.integers(-2, 3), min_size=1, max_size=3))
        text = f"{name} IN ({', '.join(map(str, listed))})"
        return text, lambda row: None if row[name] is None else row[name] in listed
    one, is_one = draw_text(draw, names)
    if kind == "not":
        return f"NOT ({one})", lambda row: None if is_one(row) is None else not is_one(row)
    two, is_two = draw_text(draw, names)
    if kind == "and":
        return f"({one}) AND ({two})", lambda row: all_of([is_one(row), is_two(row)])
    return f"({one}) OR ({two})", lambda row: any_of([is_one(row), is_two(row)])


def compare(sign, one, two):
    return None if one is None or two is None else OPERATORS[sign](one, two)


def all_of(values):
    return False if False in values else None if None in values else True


def any_of(values):
    return True if True in values else None if None in values else False


def draw_dict(draw, names):
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=2))
    given = {name: draw(NUMBERS) for name in chosen}
    return given, lambda row: all(row[name] == value for name, value in given.items())


def draw_condition(draw, tables, relation, depth):
    """Return what may follow &, and the function of a row that tells whether it holds."""
    kinds = ["text", "dict", "list", "not", "query", "and list"] if depth else ["text", "dict"]
    kind = draw(st.sampled_from(kinds))
    if kind == "text":
        text, holds = draw_text(draw, relation.names)
        return text, lambda row: holds(row) is True
    if kind == "dict":
        return draw_dict(draw, relation.names)
    if kind == "query":
        query, other = draw_query(draw, tables, depth - 1)
        kept = [one for one, _ in relation.agreeing(other)]
        return query, lambda row: row in kept
    if kind == "not":
        item, holds = draw_condition(draw, tables, relation, depth - 1)
        return dj.Not(item), lambda row: not holds(row)
    items = [draw_condition(draw, tables, relation, depth - 1) for _ in range(draw(st.integers(0, 3)))]
    if kind == "list":
        return [item for item, _ in items], lambda row: any(holds(row) for _, holds in items)
    return dj.AndList(item for item, _ in items), lambda row: all(holds(row) for _, holds in items)


def draw_restriction(draw, tables, depth):
    query, relation = draw_query(draw, tables, depth)
    condition, holds = draw_condition(draw, tables, relation, depth)
    if draw(st.booleans()):
        return query & condition, relation.where(holds)
    return query - condition, relation.where(lambda row: not holds(row))


def draw_projection(draw, tables, depth):
    query, relation = draw_query(draw, tables, depth)
    others = [name for name in relation.names if name not in relation.key]
    kept = draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    sources = {name: name for name in [*relation.key, *kept]}
    computed: dict[str, tuple[str, Any]] = {}
    renames = {}
    if draw(st.booleans()):
        old, new = draw(st.sampled_from(relation.names)), draw(st.sampled_from("mno"))
        if new not in sources:
            renames[new] = old
            # A new name for an attribute of the key replaces the old one; others may be kept under both.
            if old in relation.key:
                del sources[old]
            sources[new] = old
    if draw(st.booleans()):
        one, two = draw(st.sampled_from(relation.names)), draw(st.sampled_from(relation.names))
        new, number = draw(st.sampled_from("pqr")), draw(st.integers(0, 2))
        if new not in sources:
            computed[new] = f"{one} - {two} + {number}", lambda row: add(row[one], row[two], number)

    def make(row):
        values = {new: row[old] for new, old in sources.items()}
        return values | {new: evaluate(row) for new, (_, evaluate) in computed.items()}

    texts = {new: text for new, (text, _) in computed.items()}
    key = [new for new, old in sources.items() if old in relation.key]
    return (
        query.proj(*kept, **renames, **texts),
        Relation([*sources, *computed], key, [make(row) for row in relation.rows]),
    )


def add(one, two, number):
    return None if one is None or two is None else one - two + number


def draw_join(draw, tables, depth):
    left, one = draw_query(draw, tables, depth)
    right, two = draw_query(draw, tables, depth)
    return left * right, join(one, two)


AGGREGATES = {
    "count(*)": lambda values: len(values),
    "count({})": lambda values: len(present(values)),
    "count(distinct {})": lambda values: len(set(present(values))),
    "sum({})": lambda values: sum(present(values)) if present(values) else None,
    "max({} + 1)": lambda values: max(present(values)) + 1 if present(values) else None,
    "sum({} IS NULL)": lambda values: len(values) - len(present(values)) if values else None,
    "2 * count(*) + 1": lambda values: 2 * len(values) + 1,
}


def present(values):
    return [value for value in values if value is not None]


def draw_aggregation(draw, tables, depth):
    query, groups = draw_query(draw, tables, depth)
    other, source = draw_query(draw, tables, depth)
    if not set(groups.key) <= set(source.names):
        return draw_restriction(draw, tables, depth)
    template, attribute = draw(st.sampled_from(sorted(AGGREGATES))), draw(st.sampled_from(source.names))
    new = draw(st.sampled_from([name for name in "stuv" if name not in groups.names]))
    others = [name for name in groups.names if name not in groups.key]
    kept = draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    excluded = draw(st.booleans())
    rows = []
    for group in groups.rows:
        matched = [row for row in source.rows if all(row[n] is not None and row[n] == group[n] for n in groups.key)]
        if matched or not excluded:
            value = AGGREGATES[template]([row[attribute] for row in matched])
            rows.append({name: group[name] for name in [*groups.key, *kept]} | {new: value})
    aggregate = {new: template.format(attribute)}
    return (
        query.aggr(other, *kept, exclude_nonmatching=excluded, **aggregate),
        Relation([*groups.key, *kept, new], groups.key, rows),
    )


def draw_query(draw, tables, depth):
    """Return a random query and the relation that it stands for."""
    if depth <= 0:
        return draw(st.sampled_from(tables))
    draw_one = draw(st.sampled_from([draw_restriction, draw_restriction, draw_projection, draw_join, draw_aggregation]))
    return draw_one(draw, tables, depth - 1)


@pytest.fixture
def tables(schema):
    """Three tables that share attributes, declared and empty."""

    @schema
    class Left(dj.Manual):
        definition = """
        a : int32
        b : int32
        ---
        x = null : int32
        y        : int32
        """

    @schema
    class Right(dj.Manual):
        definition = """
        b : int32
        c : int32
        ---
        x = null : int32
        """

    @schema
    class Single(dj.Manual):
        definition = """
        a : int32
        ---
        y = null : int32
        """

    return [Left, Right, Single]


def draw_rows(draw, table):
    """Fill a table with a few random rows and return them."""
    heading = table.heading
    row = st.fixed_dictionaries(
        {name: NUMBERS if heading[name].nullable else st.integers(0, 2) for name in heading.names}
    )
    rows = draw(st.lists(row, max_size=5, unique_by=lambda row: tuple(row[name] for name in heading.primary_key)))
    connection = table.connection
    connection.execute(Statement(f"DELETE FROM {connection.dialect.table(table.name)}"))
    table.insert(rows)
    return rows


class TestRandomQuestion:
    @hypothesis.settings(
        max_examples=120,
        suppress_health_check=[
            hypothesis.HealthCheck.function_scoped_fixture,
            hypothesis.HealthCheck.too_slow,
            hypothesis.HealthCheck.data_too_large,
        ],
    )
    @hypothesis.given(data=st.data())
    def test_has_the_rows_that_python_finds(self, tables, data):
        """
        Whatever is restricted, projected, joined and aggregated, the database answers as the definitions say.
        """
        with dj.config.override(semantic_check="off"):
            known = [
                (table(), Relation(table.heading.names, table.primary_key, draw_rows(data.draw, table)))
                for table in tables
            ]
            query, expected = draw_query(data.draw, known, 3)
            hypothesis.note(f"{query!r}, key {query.primary_key}")

            found = query.to_dicts()

            assert (set(expected.names), set(expected.key)) == (set(query.heading.names), set(query.primary_key))
            assert Counter(map(_frozen, expected.rows)) == Counter(map(_frozen, found))
            assert (len(expected.rows), bool(expected.rows)) == (len(query), bool(query))
            assert {int, type(None)} >= {type(value) for row in found for value in row.values()}


def _frozen(row):
    return frozenset(row.items())
