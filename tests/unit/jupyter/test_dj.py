"""`%dj`: where a notebook stands."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from djnb.connection import default


@pytest.fixture(autouse=True)
def no_default(monkeypatch):
    """Begin without a default connection."""
    monkeypatch.setattr(default, "_connection", None)


class TestOverview:
    def test_tells_connection_schemas_and_magics(self, notebook, lab):
        """One line tells where one is, what is there, and what can be done."""
        shown = notebook.run("%dj")

        assert {"text/plain", "text/html"} == set(shown.data)
        text = shown.data["text/plain"]
        assert str(lab.connection.address) in text
        assert "of `schema`" in text
        assert [["lab", "schema"]] == [line.split() for line in text.splitlines() if line.startswith("lab")]
        assert all(f"%{magic}" in text for magic in ("dj", "populate", "progress"))
        assert "Make every key that a table lacks" in text

    def test_part_is_shown_alone(self, notebook):
        """A word asks for one part."""
        assert "Magics" not in notebook.run("%dj schemas").data["text/plain"]
        assert notebook.run("%dj help").data["text/plain"].startswith("Magics: ")

    def test_nothing_is_connected_to(self, cells, tmp_path, monkeypatch):
        """Looking makes no connection, and no file of a database."""
        monkeypatch.chdir(tmp_path)

        text = cells.run("%dj").data["text/plain"]

        assert text.startswith("Connection: none is open: dj.connect(url) opens one")
        assert [] == [path for path in tmp_path.iterdir() if path.suffix == ".sqlite"]

    def test_password_is_not_shown(self, cells, monkeypatch):
        """The address of a server is shown without what opens it."""
        from djnb.backends.base import Address

        class Server:
            address = Address.parse("mysql://alice:secret@db.lab:3306")
            is_closed = False

            def list_schemas(self):
                return ["alice_lab"]

        monkeypatch.setattr(default, "_connection", Server())

        text = cells.run("%dj").data["text/plain"]

        assert "alice@db.lab" in text
        assert "secret" not in text

    def test_other_words_are_usage_errors(self, cells):
        """A slip is told with the words that there are."""
        assert isinstance(cells.run("%dj tables").error, UsageError)

    def test_help_is_real(self, cells):
        """%dj? tells how it is said."""
        assert "%dj [connection | schemas | help]" in cells.run("%dj?").printed
