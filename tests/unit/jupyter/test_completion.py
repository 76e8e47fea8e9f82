"""Tab after the magics."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter

from djnb.jupyter.magics.completion import offers

OPTIONS = [
    "--background",
    "--executor",
    "--make-kwargs",
    "--max-calls",
    "--no-capture",
    "--no-progress",
    "--no-refresh",
    "--priority",
    "--processes",
    "--refresh",
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
            ("%populate ", ["Analysis", "schema"]),
            ("%progress sc", ["schema"]),
            ("%populate Analysis & 'se", ["session"]),
            ("%%populate Analysis & {'", ["session"]),
            ("%populate Analysis & 'session > 3 and s", ["session"]),
            ("%populate Analysis & 'session > 3' --ma", ["--make-kwargs", "--max-calls"]),
            ("%populate Missing & 'se", []),
            ("%%populate An", ["Analysis"]),
            ("%progress Analysis A", ["Analysis"]),
            ("%populate Analysis --", OPTIONS[:-1]),
            ("%populate Analysis --ma", ["--make-kwargs", "--max-calls"]),
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
        """Tables and schemas come first, then options; in quotes the attributes of keys; Python is left to Python."""
        assert offered == offers(line, vars(lab))


class TestInIPython:
    def test_table_completes(self, notebook):
        """Tab after %populate completes the table."""
        assert ["%populate Analysis"] == completed(notebook, "%populate Ana")

    def test_option_completes(self, notebook):
        """Tab after dashes completes the option, dashes and all."""
        assert ["%populate Analysis --max-calls"] == completed(notebook, "%populate Analysis --max")

    def test_attribute_completes(self, notebook):
        """Tab in the quotes of a restriction completes the attribute."""
        assert ["%populate Analysis & 'session"] == completed(notebook, "%populate Analysis & 'ses")

    def test_first_line_of_a_cell_completes(self, notebook):
        """So it does in a cell with a body."""
        assert ["%%populate Analysis"] == completed(notebook, "%%populate An\nx = 3")
