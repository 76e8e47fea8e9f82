"""Mistakes on the line of a magic."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from djnb.errors import PopulateError


class TestOptions:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("", "Which table?"),
            ("Analysis --max-call 2", "Did you mean --max-calls?"),
            ("Analysis --max-calls two", "argument --max-calls: a whole number is needed, not 'two'"),
            ("Analysis --max-calls -1", "argument --max-calls"),
            ("Analysis --max-calls", "argument --max-calls: expected one argument"),
            ("Analysis -o 3", "argument -o: the name of a variable is needed, not '3'"),
        ],
    )
    def test_mistake_is_told_in_one_line(self, line, message, notebook, lab):
        """A mistake in the options is a UsageError, and nothing is made."""
        shown = notebook.run(f"%populate {line}")

        assert isinstance(shown.error, UsageError)
        assert message in str(shown.error)
        assert 0 == len(lab.Analysis)


class TestTables:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("Analysys", "Did you mean 'Analysis'?"),
            ("Session", "Only Imported and Computed tables"),
            ("Analysis.Unit", "is a part"),
            ("dj", "is no table class"),
            ("Analysis - Session", "is more than a table"),
        ],
    )
    def test_what_cannot_be_populated_is_refused(self, name, message, notebook):
        """The message says why, and what can; it is a real error, which programs see."""
        shown = notebook.run(f"%populate {name}")

        assert isinstance(shown.error, PopulateError)
        assert message in shown.printed.replace("\n", " ")

    @pytest.mark.parametrize("name", ["Session", "Analysys", "Analysis.Unit"])
    def test_other_names_are_refused(self, name, notebook):
        """A table without keys to make is refused with the reason."""
        assert isinstance(notebook.run(f"%progress {name}").error, PopulateError)
