"""The SQL of a query, for people to read."""

from __future__ import annotations

from datetime import timedelta

import pytest

import djnb as dj
from djnb.errors import UnknownAttributeError


@pytest.fixture
def Visit(schema):
    @schema
    class Visit(dj.Manual):
        definition = """
        visit : int32
        ---
        note : varchar(255)
        at : datetime
        lasts = null : time
        tag = null : uuid
        """

    Visit.insert(
        [
            (1, "it's 100% \\ 'odd'? \"%s\"", "2026-05-01 12:00:00", timedelta(hours=-30), None),
            (2, "plain", "2026-05-02 12:00:00", None, None),
        ]
    )
    return Visit


def answer(connection, sql):
    """Return the keys that a client gets who sends the text as it is."""
    from djnb.sql.statement import Statement

    return [row[0] for row in connection.execute(Statement(connection.dialect.escape(sql))).rows]


class TestMakeSql:
    def test_is_the_text_that_fetches(self, Visit, statements):
        """On the class and on queries, without asking the database."""
        Visit.heading
        statements.clear()

        sql = Visit.make_sql()

        assert sql.startswith("SELECT")
        assert "visit" in sql
        assert not statements
        assert sql == Visit().make_sql()

    def test_values_are_written_out(self, Visit, connection):
        """A client that is given the text finds the same rows, whatever the values hold."""
        row = Visit.to_dicts()[0]
        for name in ("visit", "note", "at", "lasts"):
            assert [1] == answer(connection, (Visit & {name: row[name]}).make_sql()), name
        assert [2] == answer(connection, (Visit - {"note": row["note"]}).make_sql())
        assert [1] == answer(connection, (Visit & "note like '%\\'s 100\\% %' and visit < 2.5").make_sql())
        assert [] == answer(connection, (Visit & {"tag": "12345678-1234-5678-1234-567812345678"}).make_sql())

    def test_is_of_any_query(self, Visit, connection):
        """Computed attributes, aggregations and their conditions too."""
        counted = dj.U("late").aggr(Visit.proj(late="at > '2026-05-01 18:00:00'"), n="count(*)") & "n > 0"

        assert [0, 1] == answer(connection, counted.make_sql())

    def test_fields_may_be_chosen(self, Visit):
        """As in DataJoint; others are not in the text."""
        assert "note" not in Visit.make_sql(["visit", "at"])
        with pytest.raises(UnknownAttributeError, match="Did you mean 'note'"):
            Visit.make_sql(["notes"])
