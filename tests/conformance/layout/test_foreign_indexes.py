"""Indexes that a definition cannot say are passed over, and stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import djnb as dj
from djnb.backends.columns import TableRows
from djnb.errors import DuplicateError
from djnb.model.naming import TableName


class TestForeignIndexes:
    """Indexes that a definition cannot say: over expressions, or over some of the rows."""

    def test_of_a_file_are_passed_over_and_survive_altering(self, tmp_path):
        """The table is read and described without them; when it is altered, they are there again, and hold."""
        path = tmp_path / "lab.db"
        with dj.connect(f"sqlite:///{path}") as connection:
            cls = type("Mouse", (dj.Manual,), {"definition": "mouse : int32\n---\nname : varchar(9)\nindex(name)"})
            Mouse = dj.Schema("lab", connection=connection)(cls)
            Mouse.insert([(1, "a"), (2, "b")])
            with closing(sqlite3.connect(path)) as file:
                file.execute('CREATE UNIQUE INDEX by_letters ON "lab.mouse" (upper(name))')
                file.execute('CREATE UNIQUE INDEX by_some ON "lab.mouse" (name) WHERE mouse > 5')
            connection.catalogue.forget("lab")

            assert Mouse.describe() == "mouse : int32\n---\nname : varchar(9)\nindex(name)"
            assert not Mouse.alter_plan()
            Mouse.definition += "\nx = 1 : int32"
            Mouse.alter()
            with pytest.raises(DuplicateError):
                Mouse.insert1((3, "A", 0))

        with closing(sqlite3.connect(path)) as file:
            found = file.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'by%'").fetchall()
        assert {("by_letters",), ("by_some",)} == set(found)

    def test_of_a_server_have_no_column(self):
        """MySQL 8 says NULL in place of an expression's column; the index is passed over, the others stay."""
        rows = TableRows(indexes={"e": (True, ["a", None]), "f": (False, ["a"])})

        assert ["f"] == [index.name for index in rows.spec(TableName("lab", "mouse")).indexes]
