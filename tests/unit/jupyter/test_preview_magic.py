"""%preview, where nobody can click."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from djnb.errors import OperandError


class TestPreview:
    @pytest.mark.parametrize(
        ("line", "first", "keys"),
        [
            ("Session", "Session: 5 rows", "01234"),
            ("Session & 'x > 2'", "Session: 2 rows", "34"),
            ("Session & {'session': 3} --limit 1", "Session: 1 row", "3"),
            ("Session --order-by x DESC --limit 2", "Session: 2 of 5 rows", "43"),
            ("Session --limit 2 --order-by 'x DESC'", "Session: 2 of 5 rows", "43"),
            ("Session.proj(y='-x') --order-by y", "Session: 5 rows", "43210"),
            ("Session() --pictures", "Session: 5 rows", "01234"),
        ],
    )
    def test_shows_a_page(self, line, first, keys, notebook):
        """A table or a query, in any order."""
        (shown,) = notebook.run(f"%preview {line}").displayed
        lines = shown["text/plain"].splitlines()

        assert first == lines[0]
        assert list(keys) == [row.split()[0] for row in lines[3:]]

    def test_sees_the_names_of_a_function(self, notebook):
        """Within a function, its own names count."""
        shown = notebook.run(
            "def look():\n    few = Session & 'x < 1'\n    get_ipython().run_line_magic('preview', 'few')\nlook()"
        )

        assert shown.displayed[0]["text/plain"].startswith("Session: 1 row")

    def test_gives_help(self, notebook):
        """`%preview?` tells the options."""
        assert "--order-by" in notebook.run("print(get_ipython().find_magic('preview').__doc__)").printed


class TestRefused:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("Sesion", "Did you mean 'Session'"),
            ("Session &", "cannot be read as Python"),
            ("3", "`3` is no table and no query, but of type int"),
            ("schema", "`schema` is no table and no query, but of type Schema"),
            ("Session --limit 5000", "Give 1 to 1000"),
        ],
    )
    def test_what_is_no_query(self, line, message, notebook):
        """An error says what is there instead."""
        error = notebook.run(f"%preview {line}").error

        assert isinstance(error, OperandError)
        assert message in str(error)

    @pytest.mark.parametrize("line", ["", "Session --limt 3", "Session --limit many"])
    def test_what_cannot_be_understood(self, line, notebook):
        """A mistake in the line is a usage error."""
        assert isinstance(notebook.run(f"%preview {line}").error, UsageError)
