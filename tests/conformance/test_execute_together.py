"""Statements that belong together travel together: one round trip, one answer for each."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import DuplicateError, LostConnectionError
from djnb.sql.statement import Statement
from tests.conformance.wire import wire_to


def insert(Mouse, number, name):
    dialect = Mouse.connection.dialect
    mark = dialect.placeholder
    return Statement(f"INSERT INTO {dialect.table(Mouse.name)} VALUES ({mark}, {mark})", (number, name))


def select(*values):
    return lambda connection: Statement(
        "SELECT " + ", ".join([connection.dialect.placeholder] * len(values)) + " AS a", values
    )


class TestExecuteTogether:
    def test_gives_one_answer_for_each(self, connection, Mouse, statements):
        """Rows of what reads, numbers of what writes, in their order; and it is told of as one."""
        table = connection.dialect.table(Mouse.name)

        answers = connection.execute_together(
            [insert(Mouse, 1, "a%"), insert(Mouse, 2, "b;'"), Statement(f"SELECT mouse, name FROM {table} ORDER BY 1")]
        )

        assert [1, 1] == [answer.affected for answer in answers[:2]]
        assert ([(1, "a%"), (2, "b;'")], ("mouse", "name")) == ([*answers[2].rows], answers[2].names)
        assert 1 == len(statements)
        assert 3 == len(statements[0].split("; "))

    def test_first_error_is_raised_and_the_connection_goes_on(self, connection, Mouse):
        """Every answer is read, so that the next statement gets its own."""
        with pytest.raises(DuplicateError):
            connection.execute_together([insert(Mouse, 1, "a"), insert(Mouse, 1, "b"), select(7)(connection)])

        assert [(8,)] == [*connection.execute(select(8)(connection)).rows]
        assert [{"mouse": 1, "name": "a"}] == Mouse.to_dicts()

    def test_statement_in_a_value_stays_a_value(self, connection, Mouse):
        """Nothing that is bound can become a statement of its own."""
        text = "x'); DELETE FROM a"

        connection.execute_together([insert(Mouse, 1, text)])

        assert text == Mouse.fetch1("name")

    def test_second_statement_in_a_text_is_refused(self, connection, Mouse):
        """One text is one statement, here too."""
        table = connection.dialect.table(Mouse.name)

        with pytest.raises(dj.DataJointError):
            connection.execute_together([Statement(f"SELECT 1; INSERT INTO {table} VALUES (1, 'a')")])

        assert [] == Mouse.to_dicts()

    def test_more_than_fits_into_one_journey(self, connection, Mouse):
        """However many there are, neither side waits for the other."""
        long = "x" * 3_000

        answers = connection.execute_together([select(long, n)(connection) for n in range(300)])

        assert [[(long, n)] for n in range(300)] == [[*answer.rows] for answer in answers]

    @pytest.mark.mysql
    def test_is_one_round_trip(self, mysql_url):
        """The last statement has been written when the answer to the first one is read."""

        def decide(said):
            return "keep back" if b"SELECT" in said and b"SELECT 33" not in said else "pass"

        with wire_to(mysql_url) as wire, dj.Connection(wire.url) as connection:
            wire.decide = decide
            answers = connection.execute_together([Statement(f"SELECT {n}") for n in (11, 22, 33)])

        assert [[(11,)], [(22,)], [(33,)]] == [[*answer.rows] for answer in answers]

    @pytest.mark.mysql
    def test_lost_amid_the_answers(self, mysql_url):
        """A connection that breaks is a lost one, and the next statement is sent on a new one."""
        with wire_to(mysql_url) as wire, dj.Connection(wire.url) as connection:
            wire.decide = lambda said: "cut after" if b"SELECT 22" in said else "pass"
            with pytest.raises(LostConnectionError):
                connection.execute_together([Statement(f"SELECT {n}") for n in (11, 22)])
            wire.decide = lambda said: "pass"

            assert [(33,)] == [*connection.execute(Statement("SELECT 33")).rows]
