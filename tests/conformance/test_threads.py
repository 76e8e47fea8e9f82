"""One connection, many threads, and processes that were forked from the one that has it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import djnb as dj
from djnb.errors import LostConnectionError
from djnb.sql.statement import Statement


@pytest.fixture
def Sample(schema):
    """An empty table and its parent, which has two rows."""

    @schema
    class Probe(dj.Lookup):
        definition = "probe : int32"
        contents = ((1,), (2,))

    @schema
    class Sample(dj.Manual):
        definition = """
        -> Probe
        sample : int32
        ---
        worker : int32
        """

    return Sample


def in_threads(work, count):
    """Run work(0), work(1), … at once and return what they return."""
    start = threading.Barrier(count)

    def run(number):
        start.wait(60)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


class TestManyThreads:
    def test_insert_and_fetch_at_once(self, Sample):
        """Eight threads insert rows one by one and many at a time, and each finds its own rows while others write."""

        def work(worker):
            for n in range(10):
                Sample.insert1((1, 100 * worker + n, worker))
            Sample.insert([(2, 100 * worker + n, worker) for n in range(10)])
            return len(Sample & {"worker": worker}), (Sample & {"worker": worker, "probe": 2}).to_arrays(
                "sample"
            ).tolist()

        found = in_threads(work, 8)

        assert [(20, [100 * worker + n for n in range(10)]) for worker in range(8)] == found
        assert 160 == len(Sample())

    def test_ask_what_the_database_holds_at_once(self, database_url, Sample):
        """The first questions of many threads on a fresh connection are all answered."""
        with dj.Connection(database_url) as fresh:
            Sample.insert1((1, 1, 0))

            class Seen(dj.Manual):
                _table, _home = Sample.name, fresh

            found = in_threads(lambda worker: Seen.to_dicts(), 8)

        assert [[{"probe": 1, "sample": 1, "worker": 0}]] * 8 == found

    def test_one_key_is_inserted_by_one_of_them(self, Sample):
        """Eight threads want the same row: one has it, the others are told."""

        def work(worker):
            try:
                Sample.insert1((1, 1, worker))
            except dj.errors.DuplicateError:
                return "duplicate"
            return "inserted"

        told = in_threads(work, 8)

        assert ["duplicate"] * 7 + ["inserted"] == sorted(told)

    def test_transactions_side_by_side(self, connection, Sample):
        """Each thread has its own transaction: what one undoes is not what the others keep."""

        def work(worker):
            try:
                with connection.transaction():
                    Sample.insert1((1, worker, worker))
                    Sample.insert1((2, worker, worker))
                    if worker % 2:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                return

        in_threads(work, 6)

        assert [0, 2, 4] == (Sample & "probe = 2").to_arrays("sample").tolist()
        assert [0, 2, 4] == (Sample & "probe = 1").to_arrays("sample").tolist()


class TestEndedThreads:
    def test_their_driver_connections_are_closed(self, connection, Sample):
        """Threads that come and go leave at most one driver connection behind, not one each."""
        for _ in range(5):
            worker = threading.Thread(target=lambda: len(Sample()))
            worker.start()
            worker.join()

        assert 2 == len(connection._sessions)

    @pytest.mark.parametrize("database_url", [pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True)
    def test_server_sees_them_go(self, connection, Sample, mysql_admin):
        """A server with a limit of connections does not run out of them."""
        numbers = []

        def ask():
            numbers.append(connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0][0])

        for _ in range(5):
            worker = threading.Thread(target=ask)
            worker.start()
            worker.join()

        listed = ", ".join(map(str, numbers[:-1]))
        question = f"SELECT id FROM information_schema.processlist WHERE id IN ({listed})"
        while mysql_admin(question):  # the server takes a moment for a good-bye; the test's timeout ends a wait in vain
            pass
        assert 5 == len(set(numbers))


class TestClosed:
    def test_every_thread_is_told(self, connection, Sample):
        """After `close()` nothing is sent any more, by whatever thread; closing again does no harm."""
        connection.close()
        connection.close()

        def work(_):
            with pytest.raises(LostConnectionError, match=r"was closed\. Connect again"):
                Sample.to_dicts()
            return "told"

        assert ["told"] * 2 == in_threads(work, 2)
        assert "told" == work(0)

    def test_block_closes_its_connection(self, database_url):
        """`with dj.Connection(...)` leaves none behind."""
        with dj.Connection(database_url) as connection:
            connection.list_schemas()

        assert 0 == len(connection._sessions)


class TestFork:
    def test_child_and_parent_go_on_with_connections_of_their_own(self, connection, Sample):
        """A process forked while a connection is in use inserts by one of its own, and the parent's stays whole."""
        Sample.insert1((1, 1, 0))

        assert 0 == in_child(lambda: Sample.insert1((1, 2, os.getpid() > 0)))

        Sample.insert1((1, 3, 0))
        assert [1, 2, 3] == Sample.to_arrays("sample").tolist()

    def test_child_is_not_in_its_parents_transaction(self, connection, Sample):
        """A fork amid a transaction: the child has none, and its end does not end the parent's."""

        def work():
            assert not connection.in_transaction
            assert 0 == len(Sample())

        with connection.transaction():
            Sample.insert1((1, 1, 0))
            code = in_child(work)
            Sample.insert1((1, 2, 0))

        assert (0, 2) == (code, len(Sample()))

    def test_child_that_closes_leaves_the_parents_connection(self, connection, Sample):
        """A child that cleans up closes its own connections only."""
        Sample.insert1((1, 1, 0))

        def work():
            len(Sample())
            connection.close()

        assert 0 == in_child(work)
        assert 1 == len(Sample())


def in_child(work):
    """Fork, do the work in the child and return its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
