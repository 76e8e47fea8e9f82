"""Many rows go in together: all or none, in few statements, within a transaction or in one of their own."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import DuplicateError, InvalidValueError
from djnb.events import RowsInserted
from djnb.rows import insert as inserting
from tests.conformance.insert.rows import ANN, BOB
from tests.conformance.recordings import server_only


class TestInsertWithinATransaction:
    def test_refused_insert_leaves_nothing_and_the_transaction_stands(self, Subject, connection, monkeypatch):
        """Whoever catches the error goes on with what was there before the insert, in small and in large."""
        monkeypatch.setattr(inserting, "BATCH", 10)
        with connection.transaction():
            Subject.insert1({"subject": 100, "name": "a"})
            for count in (5, 35):
                with pytest.raises(DuplicateError):
                    Subject.insert(
                        [{"subject": n, "name": "a"} for n in range(count)] + [{"subject": 100, "name": "b"}]
                    )

        assert [{"subject": 100}] == Subject.keys()

    def test_wide_rows_that_a_server_takes_in_several_messages(self, schema, connection):
        """A refusal in the second message undoes the first one, and names the right row."""

        @schema
        class Wide(dj.Manual):
            definition = """
            number : int32
            ---
            text : varchar(4000)
            """

        with connection.transaction():
            Wide.insert1((1000, "there"))
            with pytest.raises(DuplicateError, match=r"number=1000 is there already \(row 1000\)"):
                Wide.insert((number, "x" * 3000) for number in range(1001))

        assert 1 == len(Wide)


class TestInsertMany:
    def test_is_all_or_none(self, Subject, monkeypatch):
        """A row that is refused in a later batch undoes the earlier ones."""
        monkeypatch.setattr(inserting, "BATCH", 10)
        rows = [{"subject": number, "name": "a"} for number in range(35)]

        with pytest.raises(DuplicateError, match=r"with subject=0 .* \(row 35\)"):
            Subject.insert([*rows, {"subject": 0, "name": "again"}])
        assert 0 == len(Subject)

        with pytest.raises(InvalidValueError, match="row 35"):
            Subject.insert([*rows, {"subject": 35, "name": "x" * 21}])
        assert 0 == len(Subject)

        Subject.insert(rows)
        assert 35 == len(Subject)

    def test_is_undone_by_what_the_rows_raise(self, Subject, monkeypatch):
        """A generator that breaks leaves nothing behind."""
        monkeypatch.setattr(inserting, "BATCH", 2)

        def broken():
            yield from ({"subject": number, "name": "a"} for number in range(5))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            Subject.insert(broken())
        assert 0 == len(Subject)

    def test_within_a_transaction_belongs_to_it(self, Subject, connection):
        """An insert within a transaction is undone with it."""
        with pytest.raises(ZeroDivisionError), connection.transaction():
            Subject.insert([ANN, BOB])
            1 / 0
        assert 0 == len(Subject)

    def test_that_is_refused_within_a_transaction_leaves_nothing_of_itself(self, Subject, connection):
        """The transaction may go on after the error, with what it had before."""
        with connection.transaction():
            Subject.insert1(BOB)
            with pytest.raises(DuplicateError, match=r"with subject=2 is there already \(row 2\)"):
                Subject.insert([ANN, {**ANN, "subject": 3}, BOB])

        assert [BOB] == Subject.to_dicts()

    def test_tells_who_listens(self, Subject, connection):
        """One event for one insert, with the number of rows."""
        heard = []

        with connection.bus.subscribed(heard.append, RowsInserted):
            Subject.insert([ANN, BOB])

        assert [RowsInserted(Subject.name.full, 2)] == heard

    def test_thousands_of_rows_in_few_statements(self, Subject, statements):
        """The number of statements does not grow with the rows."""
        len(Subject)
        statements.clear()

        Subject.insert({"subject": number, "name": "a"} for number in range(5000))

        assert len(statements) <= 3
        assert 5000 == len(Subject)


@server_only  # a file takes no messages
class TestRowTooLargeForTheServer:
    def test_is_refused_by_its_number_and_the_connection_goes_on(self, schema, connection, mysql_limit):
        """The error names the row and its size; nothing is inserted, and the transaction around it goes on."""

        @schema
        class Raw(dj.Manual):
            definition = "id : int32\n---\nraw : bytes"

        rows = [{"id": 0, "raw": b"a"}, {"id": 1, "raw": bytes(mysql_limit)}]
        with connection.transaction():
            Raw.insert1({"id": 7, "raw": b"kept"})
            with pytest.raises(InvalidValueError, match=r"Row 1 has [\d,]+ bytes, and the server takes [\d,]+"):
                Raw.insert(rows)
        assert Raw.keys() == [{"id": 7}]

    @pytest.fixture
    def mysql_limit(self, connection):
        """Give the number of bytes that no message may have."""
        return connection.message_limit()
