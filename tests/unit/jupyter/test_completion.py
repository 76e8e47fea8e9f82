"""Tab after the magics."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter

from djnb.jupyter.magics.completion import offers

OPTIONS = [
    "--max-calls",
    "--processes",
    "--reserve-jobs",
    "--restrict",
    "--return-exception-objects",
    "--suppress-errors",
    "-o",
]


def completed(cells, text):
    """Return what IPython offers at the end of a text, complete with what stands there."""
    first_line = text.partition("\n")[0]
    with provisionalcompleter():
        shown = list(cells.shell.Completer.completions(text, len(first_line)))
    return [first_line[: each.start] + each.text for each in shown]


class TestOffers:
    @pytest.mark.parametrize(
        ("line", "offered"),
        [
            ("%populate ", ["Analysis"]),
            ("%%populate An", ["Analysis"]),
            ("%progress Analysis A", ["Analysis"]),
            ("%populate Analysis --", OPTIONS[:-1]),
            ("%populate Analysis --ma", ["--max-calls"]),
            ("%populate Analysis & Se", []),
            ("%progress --", []),
            ("%preview ", ["Analysis", "Session"]),
            ("%preview Session --", ["--limit", "--order-by", "--pictures"]),
            ("%preview Session & An", []),
            ("Ana", []),
            ("%matplotlib ", []),
        ],
    )
    def test_tables_and_options(self, line, offered, lab):
        """Tables that can be populated come first, then the options; Python is left to Python's completion."""
        assert offered == offers(line, vars(lab))


class TestInIPython:
    def test_table_completes(self, notebook):
        """Tab after %populate completes the table."""
        assert ["%populate Analysis"] == completed(notebook, "%populate Ana")

    def test_option_completes(self, notebook):
        """Tab after dashes completes the option, dashes and all."""
        assert ["%populate Analysis --max-calls"] == completed(notebook, "%populate Analysis --max")

    def test_first_line_of_a_cell_completes(self, notebook):
        """So it does in a cell with a body."""
        assert ["%%populate Analysis"] == completed(notebook, "%%populate An\nx = 3")
