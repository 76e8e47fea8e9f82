"""The table and the restrictions on a line."""

from __future__ import annotations

import ast

import pytest

from djnb.errors import PopulateError
from djnb.jupyter.magics.restriction import divide, parse, value


def read(text):
    """Return the table and the restrictions as text."""
    table, operands = divide(text)
    return table, [ast.unparse(operand) for operand in operands]


class TestDivide:
    @pytest.mark.parametrize(
        ("text", "table", "restrictions"),
        [
            ("Analysis", "Analysis", []),
            (" lab.ephys.Spikes ", "lab.ephys.Spikes", []),
            ("Analysis & {'a': 1}", "Analysis", ["{'a': 1}"]),
            ("Analysis&a", "Analysis", ["a"]),
            ("Analysis & a & 'b > 1'", "Analysis", ["a", "'b > 1'"]),
            ("Analysis & (Session & 'b > 1')", "Analysis", ["Session & 'b > 1'"]),
            ("Analysis {'a': 1}", "Analysis", ["{'a': 1}"]),
            ("Analysis 'a < 100'", "Analysis", ["'a < 100'"]),
            ("Analysis recent", "Analysis", ["recent"]),
            ("Größe & ähnlich", "Größe", ["ähnlich"]),
        ],
    )
    def test_table_comes_first(self, text, table, restrictions):
        """The first name is the table; what follows it, with & or without, restricts."""
        assert (table, restrictions) == read(text)

    @pytest.mark.parametrize("text", ["Analysis - a", "Analysis * Session", "Analysis()", "Analysis & a - b | c"])
    def test_other_combinations_are_refused(self, text):
        """A table can be restricted, not combined."""
        with pytest.raises(PopulateError, match="is more than a table and its restrictions"):
            divide(text)

    @pytest.mark.parametrize("text", ["3", "{'a': 1}", "'Analysis'"])
    def test_line_without_a_table_is_refused(self, text):
        """A line begins with a name."""
        with pytest.raises(PopulateError, match="does not begin with the name of a table"):
            divide(text)

    def test_line_that_is_no_python_is_refused(self):
        """A bracket that is not closed is told as what it is."""
        with pytest.raises(PopulateError, match=r"cannot be read as Python: '{' was never closed"):
            divide("Analysis & {'a': 1")


class TestValue:
    def test_is_that_of_the_users_names(self):
        """The names in it are the user's."""
        assert {"a": 3} == value(parse("{'a': x + 1}"), {"x": 2})

    def test_text_without_quotes_is_told(self):
        """Whoever forgot the quotes learns it."""
        with pytest.raises(PopulateError, match=r"name 'subject_id' is not defined.*stands in quotes"):
            value(parse("subject_id < 100"), {})
