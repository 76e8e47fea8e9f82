"""What README says can be done, done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parents[2] / "README.md"


def _section(title: str) -> str:
    """Return the text below a heading, up to the next of the same rank or a higher one."""
    text = README.read_text(encoding="utf-8")
    rank = re.search(rf"^(#+) {re.escape(title)}$", text, re.M)
    assert rank is not None, title
    below = text[rank.end() :]
    end = re.search(rf"^#{{1,{len(rank[1])}}} ", below, re.M)
    return below[: end.start()] if end else below


def _blocks(title: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", _section(title), re.M | re.S)


class TestTour:
    def test_every_step_runs_as_written(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Somebody who pastes the tour into a notebook, from top to bottom, gets to its end."""
        names: dict[str, Any] = {"__name__": "tour"}
        for step in ("Declare", "Fill", "Share the work", "Ask", "Remove"):
            for block in _blocks(step):
                exec(compile(block, f"README, {step}", "exec"), names)
        left = names["Session"].keys()
        names["dj"].conn().close()

        assert "Events: 4/6 (66.7%)" in capsys.readouterr().out
        assert [{"session_id": 1}, {"session_id": 2}] == left


class TestMap:
    def test_every_room_is_there(self) -> None:
        """Find it names rooms that exist."""
        named = re.findall(r"^\| (`[^|]+) \|", _section("Find it"), re.M)
        paths = [path for cell in named for path in re.findall(r"`([^`]+)`", cell)]

        assert [] == [path for path in paths if not (README.parent / path).exists()]

    def test_every_room_is_named(self) -> None:
        """A new room appears in Find it with the change that builds it."""
        text = _section("Find it")
        package = README.parent / "djnb"
        rooms = [
            f"djnb/{path.name}{'/' if path.is_dir() else ''}"
            for path in sorted(package.iterdir())
            if path.name not in {"__pycache__", "py.typed", "notebooks"}
        ]

        assert [] == [room for room in rooms if room not in text]

    def test_commands_are_those_of_the_project(self) -> None:
        """The two commands stand in README to be copied."""
        commands = re.findall(r"^```bash\n(.*?)^```$", _section("Two commands"), re.M | re.S)

        assert ["python -m pip install '.[lab]' && djnb demo\n", "bash tests/run\n"] == commands
