"""A process is registered once in a schema, for as long as it works there."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import djnb as dj
from djnb.jobs import registry
from djnb.jobs.workers import Worker
from djnb.sql.statement import Statement


class TestRegistration:
    def test_is_one_for_a_process_and_a_schema(self, database_url, connection, schema, registered):
        """All threads of a process are one worker; a second connection is another one."""
        first = Worker.of(connection, schema.name)
        with dj.Connection(database_url) as other:
            second = Worker.of(other, schema.name)

            assert first is Worker.of(connection, schema.name)
            assert {first.id, second.id} == set(registered())
        assert [first.id] == registered()
        assert (False, True) == (first.is_dead, second.is_dead)

    def test_is_one_for_threads_that_ask_at_once(self, connection, schema, registered):
        """Eight threads begin to work at the same moment, in a schema that has no registry yet."""
        start = threading.Barrier(8)

        def ask(_):
            start.wait(60)
            return Worker.of(connection, schema.name).id

        with ThreadPoolExecutor(8) as pool:
            numbers = set(pool.map(ask, range(8)))

        assert sorted(numbers) == registered()

    def test_ends_with_the_connection(self, database_url, schema, registered):
        """Closing a connection takes its worker off the registry."""
        with dj.Connection(database_url) as connection:
            worker = Worker.of(connection, schema.name)
            assert [worker.id] == registered()

        assert ([], True) == (registered(), worker.is_dead)

    def test_ends_with_the_process(self, start_worker, registered):
        """A program that ends without closing anything leaves nobody in the registry, and is not kept from ending."""
        child = start_worker()
        assert [child.worker] == registered()

        child.process.stdin.close()
        child.process.wait(60)

        assert (0, "", []) == (child.process.returncode, child.complaints.read_text(), registered())

    @pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")  # of Python 3.13, as it should
    def test_ends_with_a_connection_that_is_forgotten(self, database_url, schema, registered):
        """Nobody keeps a connection alive because it has a worker: without it, the worker leaves by itself."""
        Worker.of(dj.Connection(database_url), schema.name)
        gc.collect()

        while registered():
            pass

    def test_in_order_gives_back_what_is_held_and_charges_nobody(self, database_url, schema, jobs, registered):
        """Jobs that were claimed ahead are as they were before; only one that had ended keeps its state."""
        with dj.Connection(database_url) as connection:
            worker = Worker.of(connection, schema.name)
            jobs(1, 2, status="reserved", _worker=worker.id, _token=7, _attempts=1)
            jobs(3, status="error", _worker=worker.id, _token=7, _attempts=1)
            ended = jobs()[2]

        free = {"status": "pending", "_worker": 0, "_token": 0, "_attempts": 0, "_deaths": 0, "error_message": ""}
        assert [{"recording_id": 1, **free}, {"recording_id": 2, **free}, ended] == jobs()
        assert [] == registered()

    def test_is_made_anew_for_whoever_learns_that_it_was_declared_dead(self, connection, schema, registered):
        """A claim is refused because others have struck the worker off: the process goes on as another one."""
        before = Worker.of(connection, schema.name)
        connection.execute(Statement(f"DELETE FROM {connection.dialect.table(registry.registry_of(schema.name))}"))

        before.is_dead = True
        after = Worker.of(connection, schema.name)

        assert [after.id] == registered()
        assert before.id != after.id

    def test_is_made_anew_with_its_schema(self, connection, schema, registered):
        """A schema is dropped and declared again in one breath, as in a notebook: its workers are others then."""
        before = Worker.of(connection, schema.name)

        connection.drop_schema(schema.name)
        dj.Schema(schema.name, connection=connection)
        after = Worker.of(connection, schema.name)

        assert ([after.id], True, False) == (registered(), before.is_dead, after.is_dead)
        assert ([], after) == (after.sweep(), Worker.of(connection, schema.name))

    def test_of_a_forked_child_is_its_own(self, start_worker, registered):
        """A child is not its parent's worker, and becomes one itself when it asks; both live."""
        child = start_worker()

        grandchild = int(
            child.ask(
                "(lambda r, w: (os.fork() or (os.write(w, b'%d' % present()), os._exit(0)))"
                " and os.read(r, 99).decode())(*os.pipe())"
            )
        )

        assert grandchild != child.worker
        assert child.worker in registered()
        assert str(child.worker) == child.ask("present()")
