"""`djnb work`: a worker for servers and clusters, which makes the jobs of a pipeline until it is told to end."""

from __future__ import annotations

import json
import signal
import sys

import pytest

import djnb as dj
from djnb.cli import main
from tests.conformance.programs import start_python
from tests.conformance.recordings import KEYS

pytestmark = pytest.mark.usefixtures("signals_of_a_terminal")

_PIPELINE = """
import os
import threading
import djnb as dj

schema = dj.Schema({name!r}, create_tables={creates})


@schema
class Recording(dj.Manual):
    definition = "recording_id : int32"


@schema
class Zscore(dj.Computed):
    definition = "-> Recording"

    def make(self, key):
        if os.path.exists("bad") and key["recording_id"] == 2:
            raise ValueError("bad\\nspike")
        if os.path.exists("slow") and key["recording_id"] == 2:
            print("making 2", flush=True)
            while os.path.exists("slow"):
                threading.Event().wait(0.02)
        self.insert1(key)


@schema
class Analysis(dj.Computed):
    definition = "-> Zscore"

    def make(self, key):
        self.insert1(key)


@schema
class Unmade(dj.Computed):
    definition = "-> Zscore"
"""


@pytest.fixture
def pipeline(database_url, schema, tmp_path, monkeypatch):
    """A module `pipeline` in the working directory, with three recordings in its database; give its classes."""
    (tmp_path / "pipeline.py").write_text(_PIPELINE.format(name=schema.name, creates=True))
    monkeypatch.setenv("DJNB_DATABASE_URL", database_url)
    monkeypatch.setattr(dj.config.database, "url", database_url)
    namespace = {}
    monkeypatch.setattr("djnb.connection.default._connection", None)
    exec((tmp_path / "pipeline.py").read_text(), namespace)
    namespace["Recording"].insert(KEYS)
    yield namespace
    namespace["schema"].connection.close()


@pytest.fixture
def start(pipeline, tmp_path):
    """Give a function that starts `djnb work pipeline` with some arguments."""
    children = []

    def start(*arguments):
        child = start_python("-m", "djnb", "work", "pipeline", *arguments, cwd=tmp_path)
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def told(child):
    out, error = child.communicate(timeout=120)
    assert "" == error
    return [line.partition(" ")[2] for line in out.splitlines()]


class TestWork:
    def test_makes_all_tables_parents_first_and_ends_when_idle(self, start, pipeline):
        """Everything that can be made is made in one go, each table after those that it needs."""
        child = start("--idle-exit", "0")

        lines = told(child)

        assert 0 == child.returncode
        assert (KEYS, KEYS) == (pipeline["Zscore"].keys(), pipeline["Analysis"].keys())
        made = [line.partition(":")[0] for line in lines if ": made in" in line]
        assert [f"{table} recording_id={n}" for table in ("Zscore", "Analysis") for n in (1, 2, 3)] == made
        assert ("working at Zscore, Analysis", "ended: idle") == (lines[0], lines[-1])

    def test_tells_it_in_json(self, start, tmp_path):
        """One object a line: when, what, which key, how long, what was wrong; failed keys are told by the exit code."""
        (tmp_path / "bad").touch()
        child = start("Zscore", "--idle-exit", "0", "--json")

        out, _ = child.communicate(timeout=120)

        events = [json.loads(line) for line in out.splitlines()]
        assert 3 == child.returncode
        assert ["began", *["started", "made", "started", "failed", "started", "made"], "ended"] == [
            event["event"] for event in events
        ]
        failed = events[4]
        assert ("Zscore", {"recording_id": 2}, "ValueError: bad\nspike") == (
            failed["table"],
            failed["key"],
            failed["error"],
        )
        assert {"reason": "idle", "calls": 3, "failed": 1}.items() <= events[-1].items()

    def test_max_calls_holds_for_all_tables_together(self, start, pipeline):
        """After so many keys it ends, whatever is left."""
        child = start("--max-calls", "4")

        lines = told(child)

        assert (0, "ended: max-calls") == (child.returncode, lines[-1])
        assert (3, 1) == (len(pipeline["Zscore"]), len(pipeline["Analysis"]))

    def test_processes_make_them(self, start, pipeline):
        """`--processes` makes several keys at once."""
        child = start("--processes", "2", "--idle-exit", "0")

        told(child)

        assert (0, KEYS, KEYS) == (child.returncode, pipeline["Zscore"].keys(), pipeline["Analysis"].keys())

    def test_waits_for_more_until_it_is_told_to_end(self, start, pipeline):
        """Without `--idle-exit` it looks again and again; what comes is made, and SIGTERM ends it."""
        child = start("--json")
        for line in child.stdout:
            event = json.loads(line)
            if (event["event"], event.get("table"), event.get("key")) == ("made", "Analysis", KEYS[2]):
                break
        pipeline["Recording"].insert1({"recording_id": 4})
        for line in child.stdout:
            event = json.loads(line)
            if (event["event"], event.get("table"), event.get("key")) == ("made", "Analysis", {"recording_id": 4}):
                break
        child.send_signal(signal.SIGTERM)

        out, error = child.communicate(timeout=60)

        assert (0, "", "signal") == (child.returncode, error, json.loads(out.splitlines()[-1])["reason"])


class TestSignal:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_first_lets_the_key_in_hand_end(self, start, pipeline, tmp_path, number):
        """SIGTERM while a key is made: that key is finished and kept, the next is not begun."""
        (tmp_path / "slow").touch()
        child = start("Zscore")
        while child.stdout.readline() != "making 2\n":
            assert child.poll() is None

        child.send_signal(number)
        (tmp_path / "slow").unlink()
        lines = told(child)

        assert (0, "ended: signal") == (child.returncode, lines[-1])
        assert KEYS[:2] == pipeline["Zscore"].keys()
        assert ["pending"] == [row["status"] for row in pipeline["Zscore"].jobs.to_dicts()]

    def test_second_gives_the_key_in_hand_back(self, start, pipeline, tmp_path):
        """Who cannot wait says it again: the key is undone, its job is pending, and no error is charged."""
        (tmp_path / "slow").touch()
        child = start("Zscore")
        while child.stdout.readline() != "making 2\n":
            assert child.poll() is None

        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGINT)
        out, error = child.communicate(timeout=60)

        assert (True, True) == (child.returncode in (130, 143), "interrupted" in out)
        assert "what was made is kept" in error
        assert KEYS[:1] == pipeline["Zscore"].keys()
        assert ["pending", "pending"] == [row["status"] for row in pipeline["Zscore"].jobs.to_dicts()]


class TestTables:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["nowhere.at_all"], "There is no module 'nowhere.at_all'"),
            (["pipeline", "Zscores"], "has no table 'Zscores' that fills itself. Did you mean 'Zscore'?"),
            (["pipeline", "Unmade"], "has no table 'Unmade' that fills itself"),
            (["json"], "`json` has no Imported or Computed table"),
        ],
    )
    def test_that_are_not_there_are_told(self, pipeline, capsys, monkeypatch, tmp_path, arguments, said):
        """A slip in a name ends the command at once, with what there is."""
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "pipeline", raising=False)

        code = main(["work", *arguments])
        sys.modules.pop("pipeline", None)

        message = capsys.readouterr().err
        assert (1, True) == (code, said in message), message
