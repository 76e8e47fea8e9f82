"""Questions that differ in their values only are asked as one."""

from __future__ import annotations

import sqlite3

import pytest

from djnb.backends.sqlite.dialect import SQLiteDialect
from djnb.sql.jointly import ask_jointly, divide
from djnb.sql.statement import Statement

ASKED = [
    Statement("SELECT n, n * n AS square FROM number WHERE n < ? ORDER BY n LIMIT 2", (2,)),
    Statement("SELECT n FROM number WHERE n = ?", (7,)),
    Statement("SELECT n, n * n AS square FROM number WHERE n < ? ORDER BY n LIMIT 2", (9,)),
    Statement("SELECT n, n * n AS square FROM number WHERE n < ? ORDER BY n LIMIT 2", (0,)),
]


@pytest.fixture
def numbers():
    """The numbers from 0 to 9, in a database."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE number (n INTEGER)")
        connection.executemany("INSERT INTO number VALUES (?)", [(n,) for n in range(10)])
        yield connection
    connection.close()


def answers(connection, asked, may_join):
    """Ask as one what can be, and return the rows of each question, and how many statements it took."""
    found = {}
    said = list(ask_jointly(asked, may_join, SQLiteDialect()))
    for statement, places in said:
        rows = connection.execute(*statement).fetchall()
        found.update(zip(places, divide(rows, len(places)), strict=True))
    return [found[place] for place in range(len(asked))], len(said)


def test_each_has_its_own_rows(numbers):
    """Each keeps its limit, and one without rows has none."""
    assert answers(numbers, ASKED, [True] * 4) == ([[(0, 0), (1, 1)], [(7,)], [(0, 0), (1, 1)], []], 2)


def test_columns_of_one_name_are_asked_alone(numbers):
    """A part of a statement must not have two columns of a name."""
    twice = [Statement("SELECT n, n FROM number WHERE n = ?", (n,)) for n in (1, 2)]

    assert answers(numbers, twice, [False, False]) == ([[(1, 1)], [(2, 2)]], 2)


def test_statements_stay_of_a_length(numbers):
    """However many questions there are."""
    many = [Statement("SELECT n FROM number WHERE n = ?", (n % 10,)) for n in range(200)]

    assert answers(numbers, many, [True] * 200) == ([[(n % 10,)] for n in range(200)], 4)
