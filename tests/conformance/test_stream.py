"""Rows are taken one after the other: in bounded memory, beside other statements, and left off at will."""

from __future__ import annotations

import threading
import tracemalloc
from itertools import islice

import numpy as np
import pytest

import djnb as dj
from djnb.errors import LostConnectionError, UnknownAttributeError
from djnb.events import Fetched
from tests.conformance.recordings import server_only

MANY = 5_000
MEGABYTE = 2**20


@pytest.fixture
def Sample(schema):
    """Five thousand rows: more than are read at a time."""

    @schema
    class Sample(dj.Manual):
        definition = """
        sample : int32
        ---
        value : float64
        label : varchar(16)
        """

    Sample.insert((number, number / 2, f"sample {number}") for number in range(MANY))
    return Sample


@pytest.fixture
def Image(schema):
    """Forty blobs of a megabyte."""

    @schema
    class Image(dj.Manual):
        definition = """
        image : int32
        ---
        pixels : <blob>
        """

    pixels = np.random.default_rng(7).integers(0, 256, MEGABYTE, dtype="uint8")
    for number in range(40):
        Image.insert1((number, pixels))
    return Image


def peak_of(action):
    """Return how many bytes the action held at most, besides what was there."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class TestIteration:
    def test_gives_dicts_in_the_order_of_the_key(self, Sample):
        """As `to_dicts` does, one after the other."""
        assert Sample.to_dicts() == list(iter(Sample))
        assert (Sample & "sample > 4990").to_dicts() == list(iter(Sample & "sample > 4990"))
        assert [] == list(iter(Sample & False))

    def test_is_one_statement_sent_for_the_first_row(self, Sample, statements):
        """Nothing is sent before a row is wanted, and nothing after that."""
        rows = iter(Sample & "value >= 0")
        assert [] == statements

        assert MANY == sum(1 for _ in rows)
        assert 1 == len(statements)

    def test_holds_few_rows_at_a_time(self, Sample):
        """Memory does not grow with the rows."""
        all_at_once = peak_of(Sample.to_dicts)

        assert peak_of(lambda: sum(1 for _ in Sample)) < all_at_once / 3

    def test_holds_few_blobs_at_a_time(self, Image, connection):
        """Large values are counted by their size, within a transaction too."""
        assert peak_of(lambda: [row["pixels"].sum() for row in Image]) < 30 * MEGABYTE
        with connection.transaction():
            assert peak_of(lambda: [row["pixels"].sum() for row in Image]) < 30 * MEGABYTE

    def test_says_what_is_wrong_with_the_question(self, Sample):
        """A misspelt name in a restriction that only the database reads, for one."""
        with pytest.raises(UnknownAttributeError):
            next(iter(Sample & "no_such = 1"))

    def test_tells_who_listens(self, Sample, connection):
        """One event, with the number of rows that were taken."""
        heard = []

        with connection.bus.subscribed(heard.append, Fetched):
            assert MANY == sum(1 for _ in Sample)
            rows = iter(Sample)
            list(islice(rows, 3))
            rows.close()

        assert [("read", MANY), ("read", 3)] == [(event.purpose, event.count) for event in heard]


class TestOtherStatementsMeanwhile:
    def test_queries_and_inserts(self, Sample, schema):
        """The loop asks and writes; it sees the rows that were there when it began."""

        @schema
        class Doubled(dj.Manual):
            definition = """
            -> Sample
            ---
            value : float64
            """

        for number, row in enumerate(Sample):
            if number % 1000 == 0:
                Doubled.insert1({"sample": row["sample"], "value": 2 * row["value"]})
                Sample.insert1({"sample": MANY + number, "value": 0, "label": "added"})
                assert (Sample & {"sample": number}).fetch1("label") == f"sample {number}"

        assert (MANY - 1, MANY + 5) == (number, len(Sample))
        assert [0.0, 1000.0, 2000.0, 3000.0, 4000.0] == Doubled.to_arrays("value").tolist()

    def test_within_a_transaction(self, Sample, connection):
        """The loop sees what the transaction has written, and the transaction goes on."""
        with connection.transaction():
            Sample.insert1({"sample": MANY, "value": 1.0, "label": "own"})
            seen = 0
            for row in Sample:
                seen += 1
                if row["sample"] % 1000 == 0:
                    Sample.insert1({"sample": 2 * MANY + row["sample"], "value": 0, "label": "added"})

        assert (MANY + 1, MANY + 7) == (seen, len(Sample))

    def test_that_are_undone(self, Sample, connection):
        """A transaction that fails amid a loop is undone; the loop is over."""
        with pytest.raises(ZeroDivisionError), connection.transaction():
            for row in Sample:
                Sample.insert1({"sample": MANY + row["sample"], "value": 0, "label": "added"})
                if row["sample"] == 2:
                    1 / 0

        assert MANY == len(Sample)

    def test_a_transaction_that_begins_amid_the_loop(self, Sample, connection):
        """Rows go on coming while transactions come and go."""
        for number, row in enumerate(Sample):
            if number % 2000 == 0:
                with connection.transaction():
                    Sample.insert1({"sample": MANY + row["sample"], "value": 0, "label": "added"})

        assert (MANY - 1, MANY + 3) == (number, len(Sample))

    def test_loops_within_loops(self, Sample):
        """Each has an answer of its own."""
        few = Sample & "sample < 3"

        assert [(a, b) for a in range(3) for b in range(3)] == [
            (outer["sample"], inner["sample"]) for outer in few for inner in few
        ]
        rows, others = iter(Sample), iter(Sample)
        pairs = list(zip(rows, others, strict=True))
        assert MANY == len(pairs)
        assert all(left == right for left, right in pairs)

    def test_tables_are_created_and_dropped(self, Sample, schema):
        """A table whose rows are being read can be dropped; the loop still gives all of them."""
        rows = iter(Sample)
        first = next(rows)
        Sample.drop(prompt=False)

        @schema
        class Another(dj.Manual):
            definition = "another : int32"

        assert MANY == 1 + sum(1 for _ in rows)
        assert {"sample": 0, "value": 0.0, "label": "sample 0"} == first

    def test_threads_each_with_a_loop(self, Sample):
        """Loops in several threads at once."""
        counted = []
        threads = [threading.Thread(target=lambda: counted.append(sum(1 for _ in Sample))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [MANY] * 4 == counted


class TestLeavingOff:
    def test_leaves_the_connection_usable(self, Sample):
        """After a break, an error in the loop, a forgotten iterator."""
        for _ in Sample:
            break
        assert MANY == len(Sample)

        with pytest.raises(ZeroDivisionError):
            for _ in Sample:
                1 / 0
        assert MANY == len(Sample)

        forgotten = iter(Sample)
        next(forgotten)
        del forgotten
        assert MANY == len(Sample.to_dicts())

    def test_by_an_interrupt(self, Sample, connection):
        """Ctrl-C in a loop, within a transaction too."""

        def interrupted():
            for row in Sample:
                if row["sample"] == 10:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        with pytest.raises(KeyboardInterrupt), connection.transaction():
            interrupted()
        assert MANY == len(Sample)

    def test_with_the_connection_closed(self, database_url, Sample):
        """Who closes the connection amid a loop is told so by the loop."""
        with dj.Connection(database_url) as other:
            rows = iter(dj.query.Query(Sample().node, other))
            next(rows)

        with pytest.raises(LostConnectionError, match="closed while rows were read"):
            list(rows)

    @server_only
    def test_does_not_read_the_rest(self, Image, connection):
        """Nobody waits for the megabytes that are left."""
        rows = iter(Image)
        next(rows)

        assert peak_of(rows.close) < MEGABYTE

    @server_only
    def test_connections_are_few(self, Sample, connection, mysql_admin):
        """Loop after loop takes the connection of the one before."""

        def opened():
            return int(mysql_admin("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1])

        list(iter(Sample))
        before = opened()
        for _ in range(10):
            list(iter(Sample))

        assert opened() - before <= 2  # the administrator's own


class TestLoss:
    @server_only
    def test_of_a_waiting_connection_is_mended(self, Sample, connection, mysql_admin):
        """A loop connects anew where the server has closed the connection of the loop before."""
        list(iter(Sample))
        _kill_all_but_own(mysql_admin)

        assert MANY == len(list(iter(Sample & "sample >= 0"))) == len(Sample)

    @server_only
    def test_amid_the_answer_is_an_error(self, Image, mysql_admin):
        """Rows that did not come are not passed over in silence; the next question is answered."""
        rows = iter(Image)
        next(rows)
        _kill_all_but_own(mysql_admin)

        with pytest.raises(LostConnectionError):
            list(rows)
        assert 40 == len(list(iter(Image.proj())))


def _kill_all_but_own(mysql_admin):
    """Close the other connections of the tests' user."""
    for (identifier,) in mysql_admin(
        "SELECT id FROM information_schema.processlist "
        "WHERE id <> CONNECTION_ID() AND user = SUBSTRING_INDEX(USER(), '@', 1)"
    ):
        mysql_admin(f"KILL {identifier}")
