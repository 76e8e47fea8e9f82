"""What a SQLite file holds keeps rows whole without djnb."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import djnb as dj
from djnb.errors import DuplicateError, IntegrityError
from tests.conformance.layout.datajoint import LAYOUT
from tests.conformance.layout.pipeline import MAIN, OTHER, declare_pipeline


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestFile:
    @pytest.fixture
    def tables(self, connection):
        return declare_pipeline(dj.Schema(MAIN, connection=connection), dj.Schema(OTHER, connection=connection))

    @pytest.fixture
    def ask(self, database_url, tables):
        """Ask the file itself, without djnb."""
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            yield lambda sql, *arguments: file.execute(sql, arguments).fetchall()

    def fill(self, tables):
        tables["Lab"].insert1({"lab": "a"})
        tables["Subject"].insert1({"subject_id": 1, "species": "mouse", "lab": "a", "born": "2020-01-01"})
        tables["Session"].insert1(
            {"subject_id": 1, "session": 1, "species": "rat", "home": "a", "started": "2020-01-01"}
        )

    def test_file_is_whole(self, tables, ask):
        """SQLite finds no fault with a file that was declared and filled."""
        self.fill(tables)

        assert ([], [("ok",)]) == (ask("PRAGMA foreign_key_check"), ask("PRAGMA integrity_check"))

    def test_foreign_keys_are_enforced_across_schemas(self, tables, ask):
        """A row of one schema cannot point at a missing row of another, and what is pointed at stays."""
        self.fill(tables)

        with pytest.raises(IntegrityError):
            tables["Subject"].insert1({"subject_id": 2, "species": "mouse", "lab": "b", "born": "2020-01-01"})
        assert [(f"{OTHER}.#lab", "lab", "CASCADE", "RESTRICT")] == ask(
            'SELECT "table", "from", on_update, on_delete FROM pragma_foreign_key_list(?) WHERE "from" = \'lab\'',
            f"{MAIN}.subject",
        )

    def test_every_foreign_key_and_index_is_served_by_an_index(self, ask):
        """Foreign keys that begin the primary key need none of their own; unique ones are unique."""
        found = {}
        for index, is_unique, column in ask(
            'SELECT l.name, l."unique", i.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i '
            "WHERE l.origin = 'c' ORDER BY l.name, i.seqno",
            f"{MAIN}.session",
        ):
            found.setdefault((index, is_unique), []).append(column)

        assert sorted(
            [(1, ["species"]), (1, ["home"]), (1, ["started"]), (0, ["session", "started"])], key=repr
        ) == sorted([(is_unique, columns) for (_, is_unique), columns in found.items()], key=repr)

    def test_unique_index_is_enforced(self, tables):
        """Two sessions cannot start at once."""
        self.fill(tables)

        with pytest.raises(DuplicateError):
            tables["Session"].insert1(
                {"subject_id": 1, "session": 2, "species": "mouse", "home": None, "started": "2020-01-01"}
            )

    def test_comments_are_kept_with_every_type(self, ask):
        """The file says what it holds, in the form of a server's column comments."""
        assert {
            "": "animals, 'all' of them",
            "subject_id": ":int32:the id",
            "species": ":varchar(32):Latin name",
            "lab": ":varchar(24):short name",
            "sex": ":enum('M', 'F', 'U'):sex",
            "weight": ":float64:g",
            "born": ":date:",
            "is_wild": ":bool:",
            "tag": ":uuid:chip",
            "note": ":varchar(255):",
        } == dict(ask('SELECT attribute, comment FROM "~comments" WHERE "table" = ?', f"{MAIN}.subject"))

    def test_lineage_is_what_a_server_has(self, ask):
        """The rows of ``~lineage`` are the same on every database."""
        expected = {
            (name.partition(".")[2], *line.replace("main.", f"{MAIN}.").replace("other.", f"{OTHER}.").split(" <- "))
            for name, lines in LAYOUT.items()
            for line in lines
            if " <- " in line
        }

        assert expected == {row for name in (MAIN, OTHER) for row in ask(f'SELECT * FROM "{name}.~lineage"')}

    def test_enum_is_guarded_by_the_file(self, tables, database_url):
        """Another program cannot write a value that is none."""
        self.fill(tables)

        with (
            closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file,
            pytest.raises(sqlite3.IntegrityError, match="CHECK"),
        ):
            file.execute(f"UPDATE \"{MAIN}.subject\" SET sex = 'X'")
