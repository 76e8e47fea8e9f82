"""A populate ends when it is told to, with nothing half done: by Ctrl-C, by a stop, by a lost connection."""

from __future__ import annotations

import signal
import threading

import pytest

import djnb as dj
from djnb.errors import LostConnectionError, PopulateInterrupted
from djnb.events import KeyStarted, PopulateStarted
from djnb.populate.result import PopulateResult
from djnb.sql.statement import Statement
from tests.conformance.recordings import KEYS, outline, server_only

pytestmark = pytest.mark.usefixtures("signals_of_a_terminal")


class TestInterrupt:
    @pytest.mark.parametrize("suppress_errors", [False, True])
    def test_undoes_the_key_in_hand_and_keeps_those_before(self, computed, heard, suppress_errors):
        """Ctrl-C during the second key: the first is kept, the second is undone, and errors are never what it is."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2:
                raise KeyboardInterrupt

        Result = computed(make)

        with pytest.raises(PopulateInterrupted, match="populate was interrupted: Result: 1 made, 2 left") as caught:
            Result.populate(suppress_errors=suppress_errors)

        expected = PopulateResult("Result", 1, remaining=2, is_interrupted=True)
        assert [KEYS[0]] == Result.keys()
        assert (expected, expected) == (caught.value.result, heard[-1].result)
        assert isinstance(caught.value, KeyboardInterrupt)
        assert [
            ("PopulateStarted",),
            ("KeyStarted", 1),
            ("KeyFinished", 1),
            ("KeyStarted", 2),
            ("PopulateFinished",),
        ] == outline(heard)

    def test_that_a_subscriber_meets_is_one_too(self, connection, Result):
        """Ctrl-C may come while a progress bar is being painted, before the first key even."""

        def interrupt(event):
            raise KeyboardInterrupt

        with connection.bus.subscribed(interrupt, PopulateStarted), pytest.raises(PopulateInterrupted) as caught:
            Result.populate()

        assert (0, 3) == (caught.value.result.success_count, caught.value.result.remaining)

    def test_next_populate_makes_the_rest(self, computed):
        """After Ctrl-C, the same call goes on where it was left."""
        hit = [True]

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2 and hit:
                hit.clear()
                signal.raise_signal(signal.SIGINT)

        Result = computed(make)
        with pytest.raises(PopulateInterrupted):
            Result.populate()

        assert (2, KEYS) == (Result.populate().success_count, Result.keys())


class TestStop:
    def test_ends_after_the_key_in_hand(self, connection, Result, heard):
        """A Stop button lets the current key end well; the result says that it was stopped and what is left."""
        with connection.bus.subscribed(lambda event: event.run.stop(), KeyStarted):
            result = Result.populate()

        expected = PopulateResult("Result", 1, remaining=2, is_stopped=True)
        assert ([KEYS[0]], expected, expected) == (Result.keys(), result, heard[-1].result)
        assert "Result: 1 made, 2 left, stopped" == str(result)

    def test_before_the_first_key_makes_none(self, connection, Result):
        """A run can be stopped as soon as it is known."""
        with connection.bus.subscribed(lambda event: event.run.stop(), PopulateStarted):
            result = Result.populate()

        assert (0, 3, []) == (result.success_count, result.remaining, Result.to_dicts())

    def test_comes_from_another_thread(self, connection, computed):
        """The button's thread is not the one that works."""
        started, stopped = threading.Event(), threading.Event()
        runs = []

        def make(self, key):
            started.set()
            stopped.wait(60)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        def press():
            started.wait(60)
            runs[0].stop()
            stopped.set()

        button = threading.Thread(target=press)
        button.start()
        with connection.bus.subscribed(lambda event: runs.append(event.run), PopulateStarted):
            result = Result.populate()
        button.join()

        assert (1, True, True) == (result.success_count, result.is_stopped, runs[0].is_stopping)


class TestLostConnection:
    @server_only
    def test_costs_nothing(self, connection, computed, mysql_admin):
        """The server ended the connection within a make: what it had inserted is inserted again, and it goes on."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2:
                (number,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
                mysql_admin(f"KILL {number}")
            connection.execute(Statement("SELECT 1"))

        Result = computed(make)

        result = Result.populate(suppress_errors=True, return_exception_objects=True)

        assert (3, [], KEYS) == (result.success_count, list(result), Result.keys())

    @server_only
    def test_costs_its_key_only_where_reconnecting_is_forbidden(self, database_url, schema, Recording, mysql_admin):
        """With `database.reconnect` off, that key fails, and nothing of it is kept."""
        with dj.config.override(database__reconnect=False):
            connection = dj.Connection(database_url)
        again = dj.Schema(schema.name, connection=connection)

        @again
        class Result(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)
                if key["recording_id"] == 2:
                    mysql_admin(f"KILL {connection.connection_id}")
                connection.query("SELECT 1")

        result = Result.populate(suppress_errors=True, return_exception_objects=True)

        assert [LostConnectionError] == [type(error) for _, error in result]
        assert [KEYS[0], KEYS[2]] == Result.keys()
        connection.close()
