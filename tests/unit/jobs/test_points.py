"""Stop points: a test has something happen in the middle of a job, here or in a process that it starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import djnb
from djnb.errors import SettingsError
from djnb.jobs import points

_ROOT = str(Path(djnb.__file__).parents[1])


def run(code, **environment):
    """Reach points in a process of its own and return its end and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", f"from djnb.jobs import points\n{code}"],
        env={"PYTHONPATH": _ROOT, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


class TestInThisProcess:
    def test_an_action_is_done_within_its_block_only(self):
        """Inner blocks take the place of outer ones; after them, nothing happens."""
        told = []

        with points.at("after_claim", lambda: told.append("outer")):
            with points.at("after_claim", lambda: told.append("inner")):
                points.reach("after_claim")
            points.reach("after_claim")
            points.reach("before_make")
        points.reach("after_claim")

        assert ["inner", "outer"] == told

    def test_what_it_raises_comes_out_of_the_code_that_is_there(self):
        """An error is injected so."""
        with points.at("before_commit", lambda: 1 / 0), pytest.raises(ZeroDivisionError):
            points.reach("before_commit")

    def test_a_misspelt_point_is_refused(self):
        """A test that waits for a point which is never reached would test nothing."""
        with pytest.raises(SettingsError, match="Did you mean 'after_claim'"), points.at("after_clam", print):
            pass


class TestByTheEnvironment:
    def test_kills_the_process_the_third_time(self):
        """Twice it goes on."""
        code = "for n in range(5):\n  print(n, flush=True)\n  points.reach('after_claim')"

        assert (-9, "0\n1\n2\n", "") == run(code, DJNB_STOP_AT="before_make=stop,after_claim@3=kill")

    def test_waits_until_a_file_is_gone(self, tmp_path):
        """The test that started the process does something meanwhile, and removes the file."""
        place = tmp_path / "reached"
        code = (
            "import pathlib, threading\n"
            f"place = pathlib.Path({str(place)!r})\n"
            "def remove():\n"
            "  while not place.exists(): pass\n"
            "  print('reached', flush=True); place.unlink()\n"
            "threading.Thread(target=remove).start()\n"
            "points.reach('in_compute'); print('went on')"
        )

        assert (0, "reached\nwent on\n", "") == run(code, DJNB_STOP_AT=f"in_compute=wait:{place}")

    @pytest.mark.parametrize("asked", ["in_reap=explode", "in_reap", "after_clam=kill"])
    def test_what_cannot_be_read_is_refused(self, asked):
        """Nobody believes in a fault that was never injected."""
        code, _, complaint = run("", DJNB_STOP_AT=asked)

        assert code == 1
        assert "SettingsError" in complaint
