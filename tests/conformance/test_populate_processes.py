"""`populate(processes=n)`: processes of this machine make the keys, and this one tells what happens."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections import Counter
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

import djnb as dj
from djnb.errors import EmptyMakeError, MakeError, PopulateError, PopulateInterrupted, WorkerDiedError
from djnb.events import KeyFailed, KeyFinished, KeySkipped, KeyStarted
from djnb.populate.maker import Maker
from djnb.populate.outcome import RemoteError
from djnb.populate.parcel import pack
from djnb.populate.result import PopulateResult
from tests.conformance.programs import start_python
from tests.conformance.recordings import KEYS, fails_at


@pytest.fixture
def Made(schema, Recording):
    """A table that notes which process made each row; `recording_id` beyond 3 as asked for by `more`."""

    @schema
    class Made(dj.Computed):
        definition = """
        -> Recording
        ---
        value : float64
        pid : int32
        """

        def make(self, key):
            data = (Recording & key).fetch1("data")
            self.insert1(dict(key, value=data.mean(), pid=os.getpid()))

    return Made


def more(Recording, count):
    Recording.insert([(n, "2024-04-04", np.full(2, float(n))) for n in range(4, count + 1)])


class TestDeath:
    """What a process had done before it was killed counts, although it has not reported it."""

    @pytest.mark.usefixtures("each_alone")
    @pytest.mark.parametrize("reserve_jobs", [False, True])
    def test_between_commit_and_report_loses_no_count(self, Recording, Made, monkeypatch, heard, reserve_jobs):
        """Each process is killed when it has committed its third key; every key is counted, once, and none blamed."""
        more(Recording, 9)
        monkeypatch.setenv("DJNB_STOP_AT", "after_commit@3=kill")

        result = Made.populate(processes=2, reserve_jobs=reserve_jobs, suppress_errors=True)

        pids = Counter(Made.to_arrays("pid").tolist())
        assert PopulateResult("Made", 9) == result
        assert 3 == max(pids.values())
        finished = [event.key["recording_id"] for event in heard if isinstance(event, KeyFinished)]
        assert list(range(1, 10)) == sorted(finished)

    def test_between_commit_and_report_of_several_keys_loses_no_count(self, Recording, Made, monkeypatch, heard):
        """Nor where the keys were short, and those after the first were kept by one transaction."""
        more(Recording, 12)
        monkeypatch.setenv("DJNB_STOP_AT", "after_commit@2=kill")

        result = Made.populate(processes=2, reserve_jobs=True, suppress_errors=True)

        assert PopulateResult("Made", 12) == result
        finished = [event.key["recording_id"] for event in heard if isinstance(event, KeyFinished)]
        assert list(range(1, 13)) == sorted(finished)

    @pytest.mark.parametrize("reserve_jobs", [False, True])
    def test_before_commit_is_no_success(self, Recording, Made, monkeypatch, reserve_jobs):
        """What was rolled back with the process is not counted; what it had made before is."""
        more(Recording, 5)
        monkeypatch.setenv("DJNB_STOP_AT", "before_commit@2=kill")

        result = Made.populate(processes=2, reserve_jobs=reserve_jobs, suppress_errors=True)

        made = result.success_count, len(result.error_list)
        assert (len(Made()), 5) == (result.success_count, sum(made))
        assert all("SIGKILL" in message for _, message in result)

    def test_counts_towards_max_calls(self, Recording, Made, monkeypatch):
        """No more keys are made than was asked for."""
        more(Recording, 8)
        monkeypatch.setenv("DJNB_STOP_AT", "after_commit@2=kill")

        result = Made.populate(processes=2, reserve_jobs=True, max_calls=5)

        assert (5, 5, 3) == (result.success_count, len(Made()), len(Made.jobs.pending))


class TestProcesses:
    def test_make_every_key_elsewhere(self, Recording, Made):
        """Every key is made once, and none in this process; the values are those of the data."""
        more(Recording, 40)

        result = Made.populate(processes=2)

        ids, values, pids = Made.to_arrays("recording_id", "value", "pid")
        assert PopulateResult("Made", 40) == result
        assert (list(range(1, 41)), [float(n) for n in range(1, 41)]) == (ids.tolist(), values.tolist())
        assert os.getpid() not in pids.tolist()

    def test_tell_what_happens_here(self, computed, heard):
        """The events come on this connection: each key is started and ended once, with its error."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        Result.populate(processes=2, suppress_errors=True)

        by_kind = {
            kind: sorted(event.key["recording_id"] for event in heard if isinstance(event, kind))
            for kind in (KeyStarted, KeyFinished, KeyFailed, KeySkipped)
        }
        assert {KeyStarted: [1, 2, 3], KeyFinished: [1, 3], KeyFailed: [2], KeySkipped: []} == by_kind
        assert ["bad spike"] == [str(event.error) for event in heard if isinstance(event, KeyFailed)]

    def test_error_is_raised_with_where_it_was_raised(self, computed):
        """Without `suppress_errors` the error ends the run, and its traceback is that of the other process."""
        Result = computed(fails_at(1, ValueError("bad spike")))

        with pytest.raises(MakeError, match=r"`Result\.make` failed for the key \{'recording_id': 1\}") as caught:
            Result.populate(KEYS[0], processes=2)

        cause = caught.value.__cause__
        assert (ValueError, "bad spike") == (type(cause), str(cause))
        assert "raise error" in str(cause.__cause__)

    def test_empty_make_is_what_it_is_here_too(self, computed):
        """djnb's own errors keep their class and their parts."""
        Result = computed(lambda self, key: None)

        with pytest.raises(EmptyMakeError) as caught:
            Result.populate(KEYS[0], processes=2)

        assert KEYS[0] == caught.value.key

    def test_exception_that_cannot_be_sent_comes_as_its_text(self, computed):
        """An exception that cannot be pickled, or not be unpickled, is reported by its text."""

        class TwoArgumentsError(Exception):
            def __init__(self, one, two):
                super().__init__(f"{one} and {two}")

        class UnpicklableError(Exception):
            def __reduce__(self):
                raise TypeError("never")

        def make(self, key):
            raise {
                1: TwoArgumentsError("one", "two"),
                2: UnpicklableError("no way"),
                3: ValueError("\ud800\0" + 10_000_000 * "x"),
            }[key["recording_id"]]

        Result = computed(make)

        result = Result.populate(processes=2, suppress_errors=True, return_exception_objects=True)

        errors = {key["recording_id"]: error for key, error in result}
        assert (RemoteError, "TwoArgumentsError: one and two") == (type(errors[1]), str(errors[1]))
        assert (RemoteError, "UnpicklableError: no way") == (type(errors[2]), str(errors[2]))
        assert (ValueError, 10_000_002) == (type(errors[3]), len(str(errors[3])))

    def test_max_calls_holds_for_all_of_them_together(self, Recording, Made):
        """`max_calls` counts the calls of all processes."""
        more(Recording, 20)

        result = Made.populate(processes=2, max_calls=7)

        assert (7, 13, 7) == (result.success_count, result.remaining, len(Made()))

    def test_what_make_uses_comes_along(self, schema, Recording, store):
        """Parts, other tables, make_kwargs, and a store that was configured in this session are known to them."""

        @schema
        class Cut(dj.Computed):
            definition = """
            -> Recording
            ---
            doubled : <blob@>
            """

            class Piece(dj.Part):
                definition = """
                -> master
                piece : int32
                """

            def make(self, key, *, factor):
                data = (Recording & key).fetch1("data")
                self.insert1(dict(key, doubled=data * factor))
                self.Piece.insert(dict(key, piece=n) for n in range(len(data)))

        Cut.populate(processes=2, make_kwargs={"factor": 2})

        assert [2.0, 4.0, 6.0] == [row["doubled"][0] for row in Cut.to_dicts()]
        assert 12 == len(Cut.Piece())

    def test_nothing_to_do_starts_none(self, Made):
        """A populate that finds nothing missing takes one question, as ever."""
        Made.populate()

        assert PopulateResult("Made", 0) == Made.populate(processes=2)

    def test_somebody_else_made_the_key_meanwhile(self, connection, computed):
        """A key that is there when its turn comes is passed over."""
        Result = computed(fails_at(None, None))

        def overtake(event):
            if event.key == KEYS[0]:
                Result.insert1(dict(KEYS[0], value=99), allow_direct_insert=True)

        with connection.bus.subscribed(overtake, KeyStarted):
            result = Result.populate(processes=2)

        assert PopulateResult("Result", 2, skipped_count=1) == result

    def test_what_cannot_be_sent_is_told_before_anything_is_done(self, computed, heard):
        """A make that uses a lock of this process is refused, with what to do."""
        lock = threading.Lock()

        def make(self, key):
            with lock:
                self.insert1(dict(key, value=1))

        Result = computed(make)

        with pytest.raises(PopulateError, match=r"cannot be sent to another process.*within `make`"):
            Result.populate(processes=2)

        assert ([], []) == (Result.keys(), [event for event in heard if isinstance(event, KeyStarted)])

    def test_password_is_not_sent(self, connection, database_url, Made):
        """What is pickled for other processes has no password; they have it by their environment."""
        parcel = pack(Maker(Made(), Made()._stored(), {}, Made().wanted_keys()))

        password = urlsplit(database_url).password
        assert password is None or unquote(password).encode() not in parcel
        assert pickle.loads(parcel)


class TestKilledProcess:
    def test_is_the_error_of_its_key_alone(self, Recording, computed):
        """A process that is killed costs its key, whose error names the signal; all others are made."""
        more(Recording, 20)

        def make(self, key):
            if key["recording_id"] == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        result = Result.populate(processes=2, suppress_errors=True, return_exception_objects=True)

        assert (19, [{"recording_id": 5}]) == (result.success_count, result.failed_keys)
        assert WorkerDiedError is type(result.error_list[0][1])
        assert "was killed by SIGKILL" in str(result.error_list[0][1])

    def test_that_poisons_often_does_not_stop_the_others(self, Recording, computed):
        """Several keys that crash or exit are each an error of their own."""
        more(Recording, 8)

        def make(self, key):
            if key["recording_id"] in (4, 5):
                os._exit(7)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        result = Result.populate(processes=2, suppress_errors=True)

        assert (6, [4, 5]) == (result.success_count, sorted(key["recording_id"] for key in result.failed_keys))
        assert all("exit code 7" in message for _, message in result)

    def test_is_raised_unless_suppressed(self, computed):
        """Without `suppress_errors`, the run ends by it."""
        Result = computed(lambda self, key: os.abort())

        with pytest.raises(MakeError, match="was killed by SIGABRT"):
            Result.populate(KEYS[0], processes=2)


_SCRIPT = """
import os, signal, sys, threading
import djnb as dj
from djnb.errors import PopulateInterrupted

signal.signal(signal.SIGINT, signal.default_int_handler)
schema = dj.Schema(sys.argv[1])
helper = {"factor": 10}


def scaled(number):
    return helper["factor"] * number


@schema
class Recording(dj.Manual):
    definition = '''
    recording_id : int32
    ---
    session_date : date
    data : longblob
    '''


@schema
class Result(dj.Computed):
    definition = '''
    -> Recording
    ---
    value : float64
    '''

    def make(self, key):
        if sys.argv[2] == "wait" and key["recording_id"] > 1:
            open(f"making-{key['recording_id']}", "w").close()
            threading.Event().wait(120)
        self.insert1(dict(key, value=scaled(key["recording_id"])))


try:
    print(Result.populate(processes=2))
except PopulateInterrupted as interrupt:
    print(interrupt.result)
"""


class TestScript:
    """Classes of `__main__`, as a notebook's are: no module has them."""

    @pytest.fixture
    def start(self, database_url, schema, computed, tmp_path):
        Result = computed(fails_at(None, None))

        def start(what):
            (tmp_path / "script.py").write_text(_SCRIPT)
            return Result, start_python(
                "script.py",
                schema.name,
                what,
                environment={"DJNB_DATABASE_URL": database_url},
                cwd=tmp_path,
                start_new_session=True,
            )

        return start

    def test_runs_without_a_guard_around_its_main_part(self, start):
        """A script needs no `if __name__ == "__main__"`: what its classes use is sent, and it is not run again."""
        Result, child = start("at once")

        told, complained = child.communicate(timeout=120)

        assert ("Result: 3 made\n", "", 0) == (told, complained, child.returncode)
        assert [10.0, 20.0, 30.0] == Result.to_arrays("value").tolist()

    @pytest.mark.parametrize(
        ("number", "whole_group"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False)]
    )
    def test_signal_undoes_what_its_processes_are_at(self, start, tmp_path, number, whole_group):
        """Ctrl-C, which a terminal sends to all of them, and a signal to the parent alone end the run cleanly."""
        Result, child = start("wait")
        with child:
            while not list(tmp_path.glob("making-*")):
                assert child.poll() is None

            (os.killpg if whole_group else os.kill)(child.pid, number)
            told, complained = child.communicate(timeout=120)

        # The first key may have been made by then, or not; what is said is what is there.
        made = len(Result())
        assert Result.keys() in ([], KEYS[:1])
        said = f"Result: {made} made, {3 - made} left, interrupted\n"
        assert (said, "", 0) == (told, complained, child.returncode)


@pytest.mark.usefixtures("signals_of_a_terminal")
def test_interrupt_of_this_process_waits_for_the_undoing(connection, computed):
    """Ctrl-C while processes work: they undo their keys, and the result says what is left."""
    Result = computed(fails_at(None, None))

    with (
        connection.bus.subscribed(lambda event: signal.raise_signal(signal.SIGINT), KeyFinished),
        pytest.raises(PopulateInterrupted) as caught,
    ):
        Result.populate(processes=2)

    result = caught.value.result
    assert (True, len(Result()), 3) == (
        result.is_interrupted,
        result.success_count,
        result.success_count + result.remaining,
    )
