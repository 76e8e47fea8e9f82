"""How errors of djnb look in a notebook."""

from __future__ import annotations

import io
import sys

from djnb.errors import MakeError, UnknownAttributeError

MISSPELT = "`Session` has no attribute 'xx'. Did you mean 'x'? Its heading is:\nsession, x."


class TestErrorInACell:
    def test_shows_the_line_and_the_message(self, notebook):
        """The user's own line, the message and the remedy: no frame of djnb."""
        shown = notebook.run("number = 3\nSession & 'xx > 1'")

        assert f"Cell In[1], line 2\n    Session & 'xx > 1'\nUnknownAttributeError: {MISSPELT}" == shown.printed
        assert isinstance(shown.error, UnknownAttributeError)

    def test_shows_the_function_that_it_came_from(self, notebook):
        """Within a function, both the call and the line are shown."""
        notebook.run("def recent():\n    return Session & 'xx > 1'")

        assert (
            "Cell In[2], line 1\n    recent()\n"
            "Cell In[1], line 2, in recent\n    return Session & 'xx > 1'\n"
            f"UnknownAttributeError: {MISSPELT}" == notebook.run("recent()").printed
        )

    def test_other_errors_are_as_ever(self, notebook):
        """Errors that are not djnb's look as IPython shows them."""
        shown = notebook.run("1 / 0").printed

        assert "Traceback (most recent call last)" in shown
        assert shown.endswith("ZeroDivisionError: division by zero")


class TestLongMessage:
    def test_is_broken_between_words(self, notebook):
        """JupyterLab breaks long lines anywhere; a message comes in lines that it need not break."""
        shown = notebook.run("Session.insert1({'session': 1, 'xyz': 2})")

        lines = shown.printed.splitlines()
        assert max(map(len, lines)) <= 95
        assert str(shown.error) in " ".join(lines)


class TestPassword:
    def test_is_left_out_of_the_line_that_fails(self, notebook):
        """An address with a password, in a line that fails, is not repeated in the output."""
        shown = notebook.run("import djnb\ndjnb.connect('mysql://me:s3cret@127.0.0.1:1')")

        assert "UnreachableError" in shown.printed
        assert "s3cret" not in shown.printed

    def test_is_not_among_the_values_that_verbose_tracebacks_show(self, notebook):
        """`%xmode Verbose` prints the values of every frame; the password of the settings is none of them."""
        notebook.run("%xmode Verbose")
        shown = notebook.run(
            "import djnb\ndjnb.config.database.password = 's3c' + 'ret'\ndjnb.connect('mysql://me@127.0.0.1:1')"
        )

        assert "UnreachableError" in shown.printed
        assert "s3cret" not in shown.printed


class TestErrorInAMagic:
    def test_shows_the_message_only(self, notebook):
        """A magic has no line of Python to show."""
        shown = notebook.run("%populate Nothing")

        assert "PopulateError: There is no `Nothing`. The tables here are: Session, Analysis." == shown.printed

    def test_body_is_shown_at_its_place(self, notebook):
        """A line of the body is counted as in the cell."""
        shown = notebook.run("%%populate Analysis\nlimit = 1\nSession & 'xx > 1'")

        assert f"Cell In[1], line 3\n    Session & 'xx > 1'\nUnknownAttributeError: {MISSPELT}" == shown.printed

    def test_mistake_in_the_body_is_an_ordinary_traceback(self, notebook):
        """A NameError in the body points at the body's line, without djnb's frames."""
        shown = notebook.run("%%populate Analysis\nlimit = 1\nSession & limits").printed

        assert "----> 3 Session & limits" in shown
        assert shown.endswith("NameError: name 'limits' is not defined")
        assert "djnb/jupyter" not in shown


class TestErrorOfMake:
    def test_begins_at_the_line_of_make(self, notebook):
        """What make raised is shown from make's own line on, then what it means for the table."""
        shown = notebook.run("%populate Analysis")

        assert 'raise ValueError("bad spike 3")' in shown.printed
        assert (
            "ValueError: bad spike 3\n\nMakeError: `Analysis.make` failed for the key {'session': 3}" in shown.printed
        )
        assert "populate/run.py" not in shown.printed
        assert isinstance(shown.error, MakeError)

    def test_error_of_djnb_in_make_is_short_too(self, notebook):
        """A mistake in a query within make is told by its line."""
        notebook.run(
            "@schema\nclass Broken(dj.Computed):\n    definition = '-> Session'\n    def make(self, key):\n"
            "        (Session & key).fetch1('xx')"
        )

        shown = notebook.run("%populate Broken").printed

        assert shown.startswith(
            f"Cell In[1], line 5, in make\n    (Session & key).fetch1('xx')\nUnknownAttributeError: {MISSPELT}"
        )
        assert "MakeError: `Broken.make` failed" in shown


class TestLookingCloser:
    def test_exception_is_kept(self, notebook):
        """`sys.last_value` is the exception itself."""
        shown = notebook.run("Session & 'xx > 1'")

        assert shown.error is sys.last_value

    def test_debug_opens_where_it_was_raised(self, notebook, monkeypatch):
        """%debug finds the frames."""
        notebook.run("def recent():\n    bound = 7\n    return Session & 'xx > 1'")
        notebook.run("recent()")
        monkeypatch.setattr(sys, "stdin", io.StringIO("where\nquit\n"))

        shown = notebook.run("%debug").printed

        assert "return Session & 'xx > 1'" in shown

    def test_verbose_shows_every_frame(self, notebook):
        """`%tb Verbose` shows the whole way."""
        notebook.run("Session & 'xx > 1'")

        shown = notebook.run("%tb Verbose").printed

        assert "Traceback (most recent call last)" in shown
        assert "djnb/query.py" in shown

    def test_minimal_mode_is_kept(self, notebook):
        """With `%xmode Minimal` there is the message only."""
        notebook.run("%xmode Minimal")

        assert f"UnknownAttributeError: {MISSPELT}" == notebook.run("Session & 'xx > 1'").printed
