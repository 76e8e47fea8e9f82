"""Files of a store that no row refers to are found, shown, and removed when the plan is carried out."""

from __future__ import annotations

import os
import re
import secrets
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import djnb as dj
from djnb.errors import StoreError, TransactionError, UnknownStoreError
from tests.conformance.stores import files_in
from tests.conftest import SCHEMA_PREFIX

AT_ONCE = timedelta(0)


@pytest.fixture
def Scan(schema, store, tmp_path):
    """Three rows with a file of each kind, a folder among them."""

    @schema
    class Scan(dj.Manual):
        definition = """
        scan_id : int32
        ---
        image : <blob@main>
        paper : <attach@main>
        trace : <npy@main>
        video : <object@main>
        own = null : <filepath@main>
        """

    folder = tmp_path / "video"
    (folder / "frames").mkdir(parents=True)
    (folder / "frames" / "0.raw").write_bytes(b"frame")
    (folder / "info.txt").write_bytes(b"info")
    (tmp_path / "paper.txt").write_text("paper")
    for number in (1, 2, 3):
        (tmp_path / "paper.txt").write_text(f"paper {number}")
        Scan.insert1(
            {
                "scan_id": number,
                "image": {"n": number},
                "paper": tmp_path / "paper.txt",
                "trace": np.arange(number),
                "video": folder,
            }
        )
    return Scan


def make_old(folder, days=3):
    """Let all files of a folder look as if they were written some days ago."""
    for path in Path(folder).rglob("*"):
        time = path.stat().st_mtime - days * 86_400
        os.utime(path, (time, time))


def drop_rows(Table, condition):
    """Delete rows without a question."""
    (Table & condition).delete(prompt=False)


def copy_column(connection, Source, Target, name):
    """Let the rows of a table refer to what another one's do, as DataJoint does that copies rows within the server."""
    from djnb.sql.statement import Statement

    target, source = (connection.dialect.table(Table().node.name) for Table in (Target, Source))
    connection.execute(Statement(f"UPDATE {target} SET {name} = (SELECT {name} FROM {source})"))


class TestFind:
    def test_files_of_deleted_rows(self, schema, Scan, store):
        """After a delete, the files of the rows that went are orphans, those of the others are not."""
        before = set(files_in(store))
        drop_rows(Scan, "scan_id = 2")
        make_old(store)

        plan = schema.orphans("main")

        assert 6 == plan.files
        assert 4 == len(plan.orphans)
        assert sum((store / path).stat().st_size for orphan in plan.orphans for path in orphan.files) == plan.size
        assert plan.oldest == min(orphan.time for orphan in plan.orphans)
        assert before == set(files_in(store))
        assert {schema.name} == {orphan.schema for orphan in plan.orphans}

    def test_none_while_rows_refer_to_them(self, schema, Scan, store):
        """As long as the rows are there, no file is an orphan, however old."""
        make_old(store)

        plan = dj.find_orphans(connection=schema.connection)

        assert not plan
        assert (0, 0, None) == (plan.files, plan.size, plan.oldest)

    def test_young_files_are_left(self, schema, Scan, store):
        """What was written today may belong to an insert that is under way; a shorter time is for the user to say."""
        Scan.delete(prompt=False)

        assert [] == schema.orphans("main").paths
        assert 18 == schema.orphans("main", older_than=AT_ONCE).files

    def test_insert_under_way_in_a_folder_keeps_all_of_it(self, schema, Scan, store):
        """A folder is as young as the youngest of its files."""
        Scan.delete(prompt=False)
        make_old(store)
        frame = next(path for path in files_in(store) if path.endswith("0.raw"))
        os.utime(store / frame)

        paths = schema.orphans("main").paths

        assert frame.removesuffix("/frames/0.raw") not in paths
        assert 11 == len(paths)

    def test_files_of_filepath_are_the_users_own(self, schema, Scan, store):
        """A file that the user has put into the store is never an orphan, with a row or without."""
        (store / "mine").mkdir()
        (store / "mine" / "a.txt").write_text("mine")
        Scan.update1({"scan_id": 1, "own": "mine/a.txt"})
        Scan.delete(prompt=False)
        make_old(store)

        assert not [path for path in schema.orphans("main").paths if "mine" in path]

    def test_shared_file_stays_with_the_last_row(self, schema, store):
        """Equal values share a file, which is an orphan when the last row is gone, in whichever table."""

        @schema
        class First(dj.Manual):
            definition = "first_id : int32\n---\nvalue : <blob@main>"

        @schema
        class Second(dj.Manual):
            definition = "second_id : int32\n---\nvalue : <blob@>"

        First.insert1((1, "same"))
        Second.insert1((1, "same"))
        make_old(store)
        First.delete(prompt=False)
        assert not schema.orphans("main")
        Second.delete(prompt=False)
        assert 1 == schema.orphans("main").files

    def test_row_of_another_schema_keeps_a_file(self, schema, connection, store):
        """Rows that were copied to another schema by the database itself go on referring to the file."""

        @schema
        class Scan(dj.Manual):
            definition = "scan_id : int32\n---\nimage : <blob@main>"

        Scan.insert1((1, [1, 2]))
        other = dj.Schema(SCHEMA_PREFIX + secrets.token_hex(4), connection=connection)
        Copy = other(type("Copy", (dj.Manual,), {"definition": Scan.definition}))
        Copy.insert1((1, [1, 2]))
        copy_column(connection, Scan, Copy, "image")
        Scan.delete(prompt=False)
        make_old(store)

        assert [] == schema.orphans("main").paths
        assert 1 == other.orphans("main").files

    def test_dropped_table(self, schema, Scan, store):
        """The files of a table that was dropped are orphans."""
        Scan.drop(prompt=False)
        make_old(store)

        assert 18 == schema.orphans("main").files

    def test_partition_and_folds(self, schema, store):
        """Partitions and folders over hashes make no difference."""
        dj.config.stores["main"] |= {"partition_pattern": "{scan_id}", "subfolding": [2, 2]}

        @schema
        class Scan(dj.Manual):
            definition = "scan_id : int32\n---\nimage : <blob@main>\ntrace : <npy@main>"

        Scan.insert([(1, "a", np.arange(2)), (2, "b", np.arange(3))])
        make_old(store)
        drop_rows(Scan, "scan_id = 1")

        first, second = schema.orphans("main").paths
        assert re.fullmatch(rf"_hash/{schema.name}/\w\w/\w\w/\w{{26}}", first)
        assert second.startswith(f"_schema/scan_id=1/{schema.name}/scan/trace_")

    def test_codec_that_nobody_knows(self, schema, store):
        """What a codec that is not installed has recorded is found all the same."""

        class Passing(dj.SchemaCodec, register=False):
            name = "passing_codec"

            def encode(self, value, *, key=None, context=None, store_name=None):
                path, home = self.place(key, context, store_name=store_name, extension="txt")
                home.put_buffer(value.encode(), path)
                return {"of": [{"where": path}]}

            def decode(self, stored, *, key=None, context=None):
                return stored

        from djnb.codecs import registry

        registry.put_codec("passing_codec", Passing())
        try:

            @schema
            class Note(dj.Manual):
                definition = "note_id : int32\n---\ntext : <passing_codec@main>"

            Note.insert([(1, "one"), (2, "two")])
            drop_rows(Note, "note_id = 2")
        finally:
            registry._instances.pop("passing_codec")
        make_old(store)

        (path,) = schema.orphans("main").paths
        assert f"_schema/{schema.name}/note/note_id=2/" in path


class TestLeft:
    def test_schema_that_is_not_there(self, schema, Scan, store):
        """Files of a schema that cannot be seen are not judged, and the plan says so."""
        (store / "_hash" / "elsewhere").mkdir(parents=True)
        (store / "_hash" / "elsewhere" / ("a" * 26)).write_bytes(b"")
        make_old(store)

        plan = dj.find_orphans("main", connection=schema.connection)

        assert [] == plan.paths
        assert {"elsewhere": "there is no such schema, or you may not see it"} == plan.left
        assert "elsewhere" in str(plan)
        assert "left: there is no such schema" in str(plan)

    @pytest.mark.parametrize("database_url", [pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True)
    def test_schema_that_may_be_read_in_part(self, schema, Scan, store, mysql_admin, mysql_url):
        """Who sees some tables of a schema only cannot know which of its files are in use."""
        Scan.delete(prompt=False)
        make_old(store)
        user = "orphans_" + secrets.token_hex(4)
        mysql_admin(f"CREATE USER `{user}`@'%%' IDENTIFIED BY 'secret'")
        try:
            mysql_admin(f"GRANT SELECT ON `{schema.name}`.`scan` TO `{user}`@'%%'")
            host = mysql_url.rpartition("@")[2]
            with dj.Connection(f"mysql://{user}:secret@{host}") as connection:
                plan = dj.find_orphans("main", connection=connection)
        finally:
            mysql_admin(f"DROP USER `{user}`@'%%'")

        assert [] == plan.paths
        assert {schema.name: "you may not read all of its tables"} == plan.left

    def test_in_a_transaction_it_is_refused(self, schema, Scan, connection):
        """A transaction does not see what others have inserted since it began."""
        with pytest.raises(TransactionError, match=r"^Files are not compared with rows"), connection.transaction():
            schema.orphans("main")

    def test_folder_that_is_not_there(self, schema, store):
        """A store whose disk is not mounted is an error, not an empty store."""
        store.rmdir()

        with pytest.raises(StoreError, match="is not there"):
            schema.orphans("main")

    def test_unknown_store(self, schema, store):
        """A misspelt store is refused."""
        with pytest.raises(UnknownStoreError, match="Did you mean 'main'"):
            schema.orphans("mian")


class TestExecute:
    def test_removes_what_the_plan_shows_and_no_more(self, schema, Scan, store):
        """The orphans go, with the folders that they leave empty; every other value can be fetched."""
        drop_rows(Scan, "scan_id = 2")
        make_old(store)
        plan = schema.orphans("main")
        stay = set(files_in(store)) - {path for orphan in plan.orphans for path in orphan.files}

        assert 6 == plan.execute()

        assert stay == set(files_in(store))
        assert not [path for path in store.rglob("*") if path.is_dir() and not any(path.iterdir())]
        assert [{"n": 1}, {"n": 3}] == list(Scan.to_arrays("image"))
        assert [b"frame"] * 2 == [ref.open("frames/0.raw").read() for ref in Scan.to_arrays("video")]
        assert not schema.orphans("main")

    def test_row_that_came_meanwhile_keeps_its_file(self, schema, store):
        """Somebody inserts the value again between the plan and its execution: the file stays."""

        @schema
        class Scan(dj.Manual):
            definition = "scan_id : int32\n---\nimage : <blob@main>"

        Scan.insert([(1, "a"), (2, "b")])
        Scan.delete(prompt=False)
        make_old(store)
        plan = schema.orphans("main")
        Scan.insert1((3, "a"))

        assert 2 == plan.files
        assert 1 == plan.execute()
        assert "a" == (Scan & "scan_id = 3").fetch1("image")

    def test_again_it_does_nothing(self, schema, Scan, store):
        """A plan that was carried out finds nothing the second time."""
        Scan.delete(prompt=False)
        plan = schema.orphans("main", older_than=AT_ONCE)

        assert 18 == plan.execute()
        assert 0 == plan.execute()
        assert [] == files_in(store)


def test_views(schema, Scan, store):
    """The plan shows for each schema what is used, young and without a row, as text and HTML."""
    drop_rows(Scan, "scan_id = 2")
    make_old(store)

    plan = schema.orphans("main")

    head, columns, _, row = str(plan).splitlines()[:4]
    assert head.startswith("Orphans of the store 'main'")
    assert ["*schema", "used", "young", "orphans", "size", "oldest"] == columns.split()
    assert [schema.name, "12", "0", "6"] == row.split()[:4]
    shown = plan._repr_mimebundle_()
    assert "<table>" in shown["text/html"]
    assert shown["text/plain"] == str(plan)
    assert repr(plan).startswith("<OrphanPlan of 'main': 6 files, ")


def test_statements(schema, Scan, store, statements):
    """One statement for each table that has files, besides those that ask what there is."""
    schema.orphans("main")

    assert 1 == len([sql for sql in statements if schema.name in sql])
