"""A table class alone in a cell."""

from __future__ import annotations

import djnb as dj
from djnb.events import StatementSent


class TestDeclaredClass:
    def test_shows_its_rows(self, notebook, lab):
        """`Session` in a cell shows what `Session()` would, as text and as HTML."""
        shown = notebook.run("Session")

        assert lab.Session()._repr_mimebundle_() == shown.data
        assert {"text/plain", "text/html"} == set(shown.data)
        assert lab.Session is shown.value

    def test_is_fetched_once(self, notebook, lab):
        """Text and HTML come from one fetch."""
        alone, twice = [], []
        with lab.connection.bus.subscribed(lambda event: alone.append(event.sql), StatementSent):
            notebook.run("Session()")
        with lab.connection.bus.subscribed(lambda event: twice.append(event.sql), StatementSent):
            notebook.run("Session")

        assert alone == twice

    def test_is_its_name_in_a_list(self, notebook, lab):
        """Within a list a class is its name, and nothing is fetched."""
        sent = []
        with lab.connection.bus.subscribed(sent.append, StatementSent):
            shown = notebook.run("[Session, 3]")

        assert ([], True) == (sent, shown.data["text/plain"].endswith("Session, 3]"))

    def test_rows_are_escaped(self, notebook, lab):
        """Values from the database cannot become markup."""

        @lab.schema
        class Note(dj.Manual):
            definition = "note : varchar(64)"

        Note.insert1({"note": "<script>alert(1)</script>"})
        notebook.names["Note"] = Note

        assert "<script>" not in notebook.run("Note").data["text/html"]


class TestOtherClasses:
    def test_undeclared_class_shows_a_note(self, notebook):
        """A class that no schema has decorated says what to do."""
        shown = notebook.run("class Draft(dj.Manual):\n    definition = 'a : int32'\nDraft")

        note = "`Draft` is not declared: no schema has decorated the class."
        assert shown.data["text/plain"].startswith(note)
        assert shown.data["text/html"].startswith(f'<p class="djnb-note">{note}')

    def test_tier_is_its_name(self, notebook):
        """`dj.Manual` is a class like any other."""
        assert {"text/plain": "djnb.tables.tiers.Manual"} == notebook.run("dj.Manual").data

    def test_dropped_table_shows_its_error(self, notebook, lab):
        """A table that is gone is told, and the notebook goes on."""
        lab.Analysis.drop(prompt=False)

        shown = notebook.run("Analysis")

        assert "MissingTableError: The table of `Analysis`" in shown.printed
        assert "Traceback" not in shown.printed
