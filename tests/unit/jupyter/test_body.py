"""The body of a cell."""

from __future__ import annotations

import pytest

from djnb.errors import PopulateError
from djnb.jupyter.magics import body


class TestRestriction:
    def test_is_that_of_the_last_expression(self, shell):
        """Statements run, and the last expression counts."""
        assert ["a > 1", "b"] == body.run(shell, "%%populate A", "x = 'a > 1'\n[x,\n 'b']\n").restriction
        assert "a > 1" == shell.user_ns["x"]

    @pytest.mark.parametrize("text", ["\n", "   \n", "# everything\n"])
    def test_is_none_without_statements(self, text, shell):
        """An empty body, or a comment, restricts nothing."""
        assert body.Body() == body.run(shell, "%%populate A", text)

    def test_names_of_earlier_cells_are_known(self, shell):
        """The body is a cell like any other."""
        shell.push({"subject": 3})

        assert {"subject_id": 3} == body.run(shell, "%%populate A", "{'subject_id': subject}").restriction

    def test_magics_work_within(self, shell):
        """The body may use magics, as any cell."""
        shell.register_magic_function(lambda line: line.upper(), "line", "shout")

        assert "MOUSE" == body.run(shell, "%%populate A", "%shout mouse").restriction


class TestMake:
    def test_functions_that_make_keys_are_told(self, shell):
        """`make` and its parts are for the table; other functions, and what is defined within them, are not."""
        said = body.run(
            shell, "%%populate A", "def helper():\n    def make(): pass\ndef make(self, key): pass\n'a > 1'"
        )

        assert ("a > 1", {"make": shell.user_ns["make"]}) == (said.restriction, said.functions)

    def test_body_that_ends_with_a_make_restricts_nothing(self, shell):
        """A cell that only says how keys are made makes them all."""
        said = body.run(shell, "%%populate A", "def make(self, key): pass")

        assert (None, ["make"]) == (said.restriction, list(said.functions))


class TestBodyThatEndsOtherwise:
    @pytest.mark.parametrize("text", ["recent = 3", "import math", "for i in range(3):\n    i", "def f(): pass"])
    def test_is_refused_before_it_runs(self, text, shell):
        """Whoever only assigned a restriction does not populate everything by mistake; nothing was run."""
        with pytest.raises(PopulateError, match="which is no restriction"):
            body.run(shell, "%%populate A", f"ran = True\n{text}")

        assert "ran" not in shell.user_ns
