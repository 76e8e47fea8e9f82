"""SIGINT and SIGTERM end a populate where nothing is left half done, whatever it is at."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress

import pytest

import djnb as dj
from djnb.errors import PopulateInterrupted, PopulateTerminated
from djnb.events import KeyFinished, PopulateStarted, StatementSent
from djnb.populate.result import PopulateResult
from djnb.populate.signals import guarded
from tests.conformance.programs import start_python
from tests.conformance.recordings import KEYS, fails_at, server_only

pytestmark = pytest.mark.usefixtures("signals_of_a_terminal")

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])


def sends(number, *, at=2):
    """Return a `make` that gets a signal while it makes one key."""

    def make(self, key):
        self.insert1(dict(key, value=1))
        if key["recording_id"] == at:
            signal.raise_signal(number)

    return make


class TestSignal:
    @BOTH
    @pytest.mark.parametrize("suppress_errors", [False, True])
    def test_in_make_undoes_the_key_in_hand(self, computed, heard, number, suppress_errors):
        """The key in hand is undone, those before are kept, the rest is left, and it is never taken for an error."""
        Result = computed(sends(number))

        with pytest.raises(PopulateInterrupted) as caught:
            Result.populate(suppress_errors=suppress_errors)

        expected = PopulateResult("Result", 1, remaining=2, is_interrupted=True)
        assert ([KEYS[0]], expected, expected) == (Result.keys(), caught.value.result, heard[-1].result)
        assert "Result: 1 made, 2 left, interrupted" == str(caught.value.result)

    def test_stop_now_from_another_thread_is_heard_like_a_signal(self, connection, computed):
        """A button whose clicks come in another thread ends a run of the main thread amid a key, also in its sleep."""
        reached = threading.Event()

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2:
                reached.set()
                time.sleep(60)

        Result = computed(make)
        runs = []

        def stop():
            reached.wait(60)
            runs[0].stop(now=True)

        stopper = threading.Thread(target=stop)
        stopper.start()
        with (
            connection.bus.subscribed(lambda event: runs.append(event.run), PopulateStarted),
            pytest.raises(PopulateInterrupted) as caught,
        ):
            Result.populate()
        stopper.join(60)

        expected = PopulateResult("Result", 1, remaining=2, is_interrupted=True, is_stopped=True)
        assert (KEYS[:1], expected) == (Result.keys(), caught.value.result)

    @BOTH
    def test_while_rows_are_committed_waits_for_the_commit(self, connection, computed, number):
        """A signal amid the commit leaves no doubt: the key is there, and counted."""
        Result = computed(fails_at(None, None))

        def interrupt(event):
            if event.sql.startswith("COMMIT"):
                signal.raise_signal(number)

        with connection.bus.subscribed(interrupt, StatementSent), pytest.raises(PopulateInterrupted) as caught:
            Result.populate()

        assert (1, 2, [KEYS[0]]) == (
            caught.value.result.success_count,
            caught.value.result.remaining,
            Result.keys(),
        )

    @pytest.mark.parametrize("kind", [PopulateStarted, KeyFinished])
    @BOTH
    def test_between_two_keys_ends_it_there(self, connection, computed, number, kind):
        """A signal that comes while nothing is computed is heard before the next key."""
        Result = computed(fails_at(None, None))

        with (
            connection.bus.subscribed(lambda event: signal.raise_signal(number), kind),
            pytest.raises(PopulateInterrupted) as caught,
        ):
            Result.populate()

        made = 1 if kind is KeyFinished else 0
        assert PopulateResult("Result", made, remaining=3 - made, is_interrupted=True) == caught.value.result

    @BOTH
    def test_that_make_catches_ends_the_run_all_the_same(self, computed, number):
        """A `make` that swallows every exception does not keep the run from ending; its key is what it made it."""

        def make(self, key):
            with suppress(BaseException):
                signal.raise_signal(number)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        with pytest.raises(PopulateInterrupted) as caught:
            Result.populate()

        assert (1, [KEYS[0]]) == (caught.value.result.success_count, Result.keys())

    def test_second_one_does_not_wait_for_the_commit(self, connection, computed):
        """Who presses Ctrl-C twice is not made to wait for anything."""
        Result = computed(fails_at(None, None))
        raised = []

        def interrupt_twice(event):
            if event.sql.startswith("COMMIT"):
                signal.raise_signal(signal.SIGINT)
                try:
                    signal.raise_signal(signal.SIGINT)
                except KeyboardInterrupt as error:
                    raised.append(error)
                    raise

        with connection.bus.subscribed(interrupt_twice, StatementSent), pytest.raises(PopulateInterrupted):
            Result.populate()

        assert 1 == len(raised)

    def test_paused_run_hears_it(self, connection, computed):
        """Ctrl-C ends a run that is paused, too."""
        Result = computed(fails_at(None, None))

        def pause(event):
            event.run.pause()
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

        with connection.bus.subscribed(pause, PopulateStarted), pytest.raises(PopulateInterrupted) as caught:
            Result.populate()

        assert 3 == caught.value.result.remaining

    def test_sigterm_is_an_exit_too(self, computed):
        """A program that catches nothing exits with the code of a terminated process."""
        Result = computed(sends(signal.SIGTERM))

        with pytest.raises(PopulateTerminated) as caught:
            Result.populate()

        assert (True, 143) == (isinstance(caught.value, SystemExit), caught.value.code)


class TestHandlers:
    @pytest.mark.parametrize("how", ["made", "failed", "interrupted"])
    def test_are_as_they_were_when_the_run_is_over(self, computed, how):
        """However a run ends, signals do afterwards what they did before."""
        Result = computed(
            {
                "made": fails_at(None, None),
                "failed": fails_at(2, ValueError("bad")),
                "interrupted": sends(signal.SIGTERM),
            }[how]
        )
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

        with suppress(dj.DataJointError, PopulateInterrupted):
            Result.populate()

        assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def test_of_the_user_stays_in_charge(self, computed):
        """A handler that a program has set is called, during a run as before it."""
        heard = []
        signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
        Result = computed(sends(signal.SIGTERM))

        result = Result.populate()

        assert ([signal.SIGTERM], 3) == (heard, result.success_count)

    def test_are_not_touched_from_another_thread(self, computed):
        """A populate works in any thread; Python lets the main thread alone handle signals."""
        Result = computed(fails_at(None, None))
        results = []
        before = signal.getsignal(signal.SIGTERM)
        seen = []

        def work():
            results.append(Result.populate())
            seen.append(signal.getsignal(signal.SIGTERM))

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()

        assert ([PopulateResult("Result", 3)], [before]) == (results, seen)

    def test_gentle_guard_lets_the_key_in_hand_end(self, computed):
        """The worker of a server stops after the current key; the run is then stopped, not interrupted."""
        Result = computed(sends(signal.SIGTERM))

        with guarded(is_gentle=True):
            result = Result.populate()

        assert PopulateResult("Result", 2, remaining=1, is_stopped=True) == result


_PROGRAM = """
import signal, sys, threading
import djnb as dj
from djnb.sql.statement import Statement

signal.signal(signal.SIGINT, signal.default_int_handler)
schema = dj.Schema(sys.argv[1], create_schema=False, create_tables=False)

@schema
class Result(dj.Computed):
    definition = "-> Recording"

    def make(self, key):
        self.insert1(dict(key, value=1))
        if key["recording_id"] == 2:
            print("making 2", flush=True)
            if sys.argv[2] == "ask":
                self.connection.execute(Statement("SELECT SLEEP(60)"))
            threading.Event().wait(60)

Result.populate(suppress_errors=True)
"""


class TestProcess:
    """A script that catches nothing is ended from outside, within its second key."""

    @pytest.fixture
    def signalled(self, database_url, schema, computed):
        """Give a function that runs the script, sends the signal, and returns rows, exit code and what was told."""
        Result = computed(fails_at(None, None))

        def run(number, *, at, until=lambda: None):
            with start_python(
                "-c", _PROGRAM, schema.name, at, environment={"DJNB_DATABASE_URL": database_url}
            ) as child:
                assert "making 2\n" == child.stdout.readline()
                until()
                child.send_signal(number)
                _, told = child.communicate(timeout=60)
            return Result.to_dicts(), child.returncode, told

        return run

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
    def test_that_catches_nothing_ends_as_one_does(self, signalled, number, code):
        """In the middle of a computation: nothing is half done; Ctrl-C shows the error, a termination shows none."""
        rows, ended, told = signalled(number, at="compute")

        assert ([{"recording_id": 1, "value": 1.0}], code) == (rows, ended)
        assert (number == signal.SIGINT) == ("PopulateInterrupted" in told) == ("Result: 1 made, 2 left" in told)

    @server_only
    def test_amid_a_question_to_the_server(self, signalled, mysql_admin):
        """Ctrl-C while the server works on an answer that make waits for."""
        asked = "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"

        def wait_for_the_question():
            while not mysql_admin(asked):
                pass

        rows, ended, told = signalled(signal.SIGINT, at="ask", until=wait_for_the_question)
        for (number,) in mysql_admin(asked):  # the server sleeps on, with locks
            mysql_admin(f"KILL {number}")

        assert ([{"recording_id": 1, "value": 1.0}], 1) == (rows, ended)
        assert "Result: 1 made, 2 left" in told
