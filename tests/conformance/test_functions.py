"""Every listed function gives the same on every database."""

from __future__ import annotations

from itertools import islice, product

import pytest

from djnb.sql.functions import AGGREGATES, FUNCTIONS, UNITS
from tests.conformance.samples import compare, sample_tables

pytestmark = pytest.mark.mysql

ARGUMENTS = {
    "text": ["t", "'b'", "t2", "d", "i", "''", "day", "'aé😀b,c'", "NULL"],
    "number": ["f", "d", "i", "-2.5", "t", "2.5e0", "0", "NULL"],
    "integer": ["2", "-1", "i", "0", "1", "NULL"],
    "moment": ["day", "at", "at3", "'2024-02-29 23:59:59'", "t", "'1999-12-31'", "NULL"],
    "time": ["span", "at", "at3", "'-10:11:12'", "'25:00:01'", "NULL"],
    "any": ["i", "t", "f", "day", "NULL"],
    "condition": ["i > 0", "t = 'b'", "f", "NULL"],
    "json": ["doc", '\'[1, "x", null, {"a": 1.50}]\'', "'x'", "NULL"],
    "path": ["'$.a'", "'$.b[1]'", "'$.missing'", "'$'", "'$.\"c d\"'"],
    "interval": [
        *("INTERVAL 1 DAY", "INTERVAL -1 MONTH", "INTERVAL i HOUR", "INTERVAL '1:30' MINUTE_SECOND"),
        *("INTERVAL 1.5 SECOND", "INTERVAL 2 WEEK", "INTERVAL '-1-2' YEAR_MONTH", "INTERVAL 3 QUARTER"),
    ],
    "format": [
        "'%Y-%m-%d'",
        "'%a %b %c %D %d %e %f %H %h %I %i %j %k %l %M %m %p %r %S %T %U %u %V %v %W %w %X %x %y %% é'",
        "'%d.%m.%Y %H:%i'",
        "'%H:%i:%s'",
        "''",
    ],
    "unit": list(UNITS),
}
"""What stands for the kinds of arguments: attributes of the table below, and values."""

OWN = {
    "EXP": [("f",), ("1",), ("NULL",)],
    "POW": [("f", "2"), ("d", "i"), ("2", "-1"), ("0", "0"), ("NULL", "1")],
    "COT": [("f + 1",), ("1",)],
    "GREATEST": [("i", "2"), ("t", "'b'"), ("day", "day"), ("d", "f"), ("t", "NULL"), ("i", "f", "d"), ("'10'", "9")],
    "LEAST": [("i", "2"), ("t", "'b'"), ("at", "at"), ("d", "f"), ("t", "NULL"), ("i", "f", "d"), ("'10'", "9")],
    "IFNULL": [("i", "0"), ("t", "'none'"), ("day", "day"), ("d", "0.5"), ("NULL", "f")],
    "COALESCE": [("i", "0"), ("t", "'none'"), ("day",), ("NULL", "d", "f"), ("NULL", "NULL")],
    "IF": [("i > 0", "'yes'", "'no'"), ("f", "i", "0"), ("t", "1.5", "2"), ("NULL", "1", "2"), ("i", "day", "NULL")],
    "NULLIF": [
        ("i", "1"),
        ("t", "'b'"),
        ("d", "-1.5"),
        ("i", "'1'"),
        ("NULL", "1"),
        ("1", "NULL"),
        ("day", "'2024-02-29'"),
    ],
    "FIELD": [("t", "'b'", "'abc'"), ("i", "1", "-2"), ("NULL", "'a'"), ("'b'", "t", "'b'")],
    # MariaDB finds an empty text at places counted in bytes, and replaces an empty one by NULL without a word.
    "LOCATE": [
        ("'b'", "t"),
        ("t", "t2"),
        ("''", "t"),
        ("'b'", "t", "2"),
        ("'b'", "t", "-1"),
        ("'b'", "t", "0"),
        ("NULL", "t"),
    ],
    "REPLACE": [
        ("t", "'b'", "'é'"),
        ("t", "''", "'x'"),
        ("d", "'5'", "t"),
        ("day", "'-'", "'/'"),
        ("'ab'", "'b'", "NULL"),
    ],
    "REPEAT": [("t", "2"), ("t", "-1"), ("'é'", "3"), ("NULL", "2")],
    "STR_TO_DATE": [
        *(("'29.02.2024'", "'%d.%m.%Y'"), ("'2024-01-05 10:11:12'", "'%Y-%m-%d %H:%i:%s'"), ("'10:11'", "'%H:%i'")),
        *(("'x'", "'%Y-%m-%d'"), ("'Jan 5 24'", "'%b %e %y'"), ("'1:05 PM'", "'%h:%i %p'"), ("t", "'%Y-%m-%d'")),
        *(("'2024 60'", "'%Y %j'"), ("'5 January 1970'", "'%d %M %Y'"), ("NULL", "'%Y-%m-%d'")),
    ],
    "TIMEDIFF": [
        ("span", "'01:00:00'"),
        ("at", "'2024-01-01 00:00:00'"),
        ("'10:00:00'", "'11:30:00'"),
        ("span", "NULL"),
    ],
    "SHA2": [("t", "256"), ("'é'", "512"), ("t", "0"), ("t", "100"), ("t", "224"), ("t", "384")],
    "TIME": [("span",), ("at",), ("'10:11:12'",), ("'x'",), ("NULL",)],
    "FROM_UNIXTIME": [("0",), ("1.5",), ("1e9",), ("-1",), ("i",), ("NULL",)],
    "FROM_DAYS": [("739251",), ("738945",), ("NULL",)],
    "MAKEDATE": [("2024", "60"), ("2023", "366"), ("2024", "0"), ("24", "1"), ("2024", "i"), ("NULL", "1")],
    "SEC_TO_TIME": [("3661",), ("-90",), ("i",), ("9999999",), ("NULL",)],
    "SPACE": [("2",), ("-1",), ("NULL",)],
    "JSON_VALUE": [
        ("doc", path) for path in ("'$.a'", "'$.b[1]'", "'$.missing'", "'$.n'", "'$.\"c d\"'", "'$.b'", "'$.yes'")
    ],
    "JSON_CONTAINS": [
        *(("doc", "'1'", "'$.a'"), ("doc", "'[1]'", "'$.b'"), ("doc", "'{\"a\": 1}'"), ("doc", "'1'", "'$.missing'")),
        *(("'[1, 2]'", "'2'"), ("'\"é\"'", "'\"é\"'"), ("'[[1]]'", "'1'"), ("'[1]'", "'x'"), ("NULL", "'1'")),
    ],
    "JSON_UNQUOTE": [
        ("'\"a\\\\nb\"'",),
        ("'a'",),
        ("JSON_EXTRACT(doc, '$.a')",),
        ("JSON_EXTRACT(doc, '$.s')",),
        ("NULL",),
    ],
    "UNIX_TIMESTAMP": [("day",), ("at",), ("at3",), ("'1960-01-01'",), ("NULL",)],
    "WEEK": [(moment, str(mode)) for mode in range(8) for moment in ("day", "at", "'2023-01-01'", "'2021-01-03'")]
    + [("day",)],
    "YEARWEEK": [(moment, str(mode)) for mode in range(8) for moment in ("day", "'2023-12-31'", "'2025-12-31'")]
    + [("at",)],
}
"""The arguments of functions for which not everything of the kind makes sense, or for which more is interesting."""

CHANGING = {"NOW", "UTC_TIMESTAMP", "CURDATE", "UTC_DATE", "CURTIME", "UTC_TIME", "RAND"}
"""Functions whose value is another one each time."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory, mysql_url):
    """The same rows in a file and on a server: groups, and samples of two of the three."""
    yield from sample_tables(tmp_path_factory.mktemp("functions") / "test.sqlite", mysql_url)


def calls(function):
    """Return expressions that call a function with what is interesting."""
    if function.name in OWN:
        return [f"{function.name}({', '.join(given)})" for given in OWN[function.name]]
    kinds = list(function.kinds)
    counts = range(function.least, (function.least + 2 if function.most is None else function.most) + 1)
    found = []
    for count in counts:
        choices = [ARGUMENTS[kinds[min(place, len(kinds) - 1)]] for place in range(count)]
        if not choices:
            found.append(f"{function.name}()")
            continue
        # Every choice of every argument once beside the first of the others, and some of all mixtures.
        single = [
            [choice if here == place else others[0] for here, others in enumerate(choices)]
            for place, each in enumerate(choices)
            for choice in each
        ]
        mixed = islice(product(*(each[:3] for each in choices)), 27)
        found += [f"{function.name}({', '.join(given)})" for given in [*single, *mixed]]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in AGGREGATES | CHANGING])
def test_gives_the_same_on_every_database(tables, name):
    """Every function has the same value, of the same type, for NULL, empty, negative, non-ASCII, leap days."""
    queries = [lambda names, t=sample: t.proj(**names) for _, sample in tables]

    assert [] == compare(queries, calls(FUNCTIONS[name]))


@pytest.mark.parametrize("name", sorted(AGGREGATES))
def test_of_many_rows_gives_the_same_on_every_database(tables, name):
    """Every function of many rows has the same value for several rows, for NULLs among them and for no rows."""
    arguments = ["i", "d", "f"] if FUNCTIONS[name].kind_of(0) in ("number", "integer") else ["t", "i", "d", "day"]
    arguments = {"JSON_ARRAYAGG": ["i", "t"], "GROUP_CONCAT": ["t ORDER BY sample", "i ORDER BY sample DESC"]}.get(
        name, arguments
    )
    texts = [f"{name}({argument})" for argument in arguments]
    queries = [lambda names, c=cohort, s=sample: c.aggr(s, **names) for cohort, sample in tables]

    assert [] == compare(queries, texts)


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_that_changes_has_the_same_type_on_every_database(tables, name):
    """The present time and chance have values of one type."""
    found = [(sample & "cohort = 1 AND sample = 1").proj(x=f"{name}()").to_dicts()[0]["x"] for _, sample in tables]

    assert 1 == len({type(value) for value in found})


@pytest.mark.parametrize(
    "alias", [(alias, name) for name, function in FUNCTIONS.items() if name not in CHANGING for alias in function.also]
)
def test_other_name_is_the_same_function(tables, alias):
    """A function has the same value by each of its names, in lower case too."""
    other, name = alias
    argument = {"day": "day"}.get(other.lower(), "i")
    arguments = ", ".join([argument] * max(1, FUNCTIONS[name].least))
    for cohort, sample in tables:
        if name in AGGREGATES:
            rows = cohort.aggr(sample, a=f"{name}({arguments})", b=f"{other.lower()}({arguments})").to_dicts()
        else:
            rows = sample.proj(a=f"{name}({arguments})", b=f"{other.lower()}({arguments})").to_dicts()
        assert [row["a"] for row in rows] == [row["b"] for row in rows]
