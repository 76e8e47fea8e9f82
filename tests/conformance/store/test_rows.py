"""Files come and go with their rows, whatever becomes of the insert, and rows are asked as any others."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import djnb as dj
from djnb.errors import DuplicateError, InvalidValueError, MissingFileError
from tests.conformance.stores import files_in


class TestFilesOfAFailedInsert:
    def test_go_away(self, Scan, store):
        """When a row is refused, no file of the insert stays, and the files of other rows do."""
        Scan.insert1({"scan_id": 1, "image": "old"})
        before = files_in(store)

        with pytest.raises(DuplicateError):
            Scan.insert([{"scan_id": 2, "image": "new"}, {"scan_id": 1, "image": "other"}])

        assert before == files_in(store)
        assert ["old"] == list(Scan.fetch("image"))

    def test_go_away_with_the_transaction(self, Scan, store, connection):
        """When a transaction is undone, so are the files that it has written."""

        def insert_and_fail():
            with connection.transaction():
                Scan.insert1({"scan_id": 1, "image": "new"})
                assert 1 == len(files_in(store))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            insert_and_fail()

        assert [] == files_in(store)
        assert 0 == len(Scan)

    def test_stay_with_the_rows_that_stay(self, Scan, store, connection):
        """Within a transaction that goes on, only the refused insert's files go."""
        with connection.transaction():
            Scan.insert1({"scan_id": 1, "image": "one"})
            with pytest.raises(DuplicateError):
                Scan.insert([{"scan_id": 2, "image": "two"}, {"scan_id": 1, "image": "again"}])

        assert ["one"] == list(Scan.fetch("image"))
        assert 1 == len(files_in(store))

    def test_stay_where_others_share_them(self, Scan, store):
        """A file that a row refers to already is not removed with a refused row of the same content."""
        Scan.insert1({"scan_id": 1, "image": "shared"})
        with pytest.raises(DuplicateError):
            Scan.insert1({"scan_id": 1, "image": "shared"})

        assert "shared" == Scan.fetch1("image")

    def test_of_a_make_that_fails(self, schema, Recording, store):
        """A key that fails leaves no file."""

        @schema
        class Result(dj.Computed):
            definition = "-> Recording\n---\nvalue : <blob@main>"

            def make(self, key):
                self.insert1(dict(key, value=key))
                raise ValueError("too late")

        result = Result.populate(suppress_errors=True)

        assert 3 == len(list(result))
        assert [] == files_in(store)

    def test_skipped_duplicates_write_none(self, schema, store):
        """A row that is passed over, because its key is there, leaves no file behind."""

        @schema
        class Raw(dj.Manual):
            definition = "raw_id : int32\n---\ndata : <object@main>"

        Raw.insert1({"raw_id": 1, "data": b"first"})
        Raw.insert([{"raw_id": 1, "data": b"again"}, {"raw_id": 2, "data": b"second"}], skip_duplicates=True)

        assert [b"first", b"second"] == [ref.read() for ref in Raw.fetch("data")]
        assert 2 == len(files_in(store))


class TestManyFiles:
    def test_come_and_go_in_order(self, Scan):
        """Files are written and read by several threads; values stay with their rows."""
        Scan.insert({"scan_id": i, "image": np.full(3, i)} for i in range(60))

        assert list(range(60)) == [int(image[0]) for image in Scan.fetch("image")]
        assert list(range(60)) == [int(row["image"][0]) for row in Scan]

    def test_first_value_that_does_not_fit_is_named(self, Scan, store):
        """One value that cannot be packed undoes all, and its row is named."""
        rows = [{"scan_id": i, "image": object() if i == 7 else i} for i in range(20)]

        with pytest.raises(InvalidValueError, match="for 'image' in row 7 cannot be packed"):
            Scan.insert(rows)

        assert [] == files_in(store)

    def test_null_has_no_file(self, schema, store):
        """NULL is NULL, in a store too."""

        @schema
        class Scan(dj.Manual):
            definition = "scan_id : int32\n---\nimage = null : <blob@main>"

        Scan.insert([{"scan_id": 1}, {"scan_id": 2, "image": None}])

        assert [None, None] == list(Scan.fetch("image"))
        assert [] == files_in(store)


class TestQueries:
    def test_renamed_and_joined(self, schema, Scan):
        """A value in a store comes through renames and joins; an error names the table that it comes from."""

        @schema
        class Note(dj.Manual):
            definition = "-> Scan\n---\ntext : varchar(8)"

        Scan.insert1({"scan_id": 1, "image": [1, 2]})
        Note.insert1({"scan_id": 1, "text": "x"})
        query = Note * Scan.proj(picture="image")

        assert [1, 2] == query.fetch1("picture")
        shutil.rmtree(dj.config.stores["main"]["location"] + "/_hash")
        with pytest.raises(MissingFileError, match=r"'image' of `Scan` for the key \{'scan_id': 1\}"):
            query.fetch1("picture")

    def test_preview_reads_no_file(self, Scan, store):
        """A display says what is known of a file without it, and does not read it."""
        Scan.insert1({"scan_id": 1, "image": 1})
        shutil.rmtree(store)

        assert "<blob, 8 B>" in Scan.preview().text

    def test_rows_are_copied_with_their_files(self, schema, Scan, store):
        """Rows that are fetched can be inserted elsewhere; references too."""

        @schema
        class Raw(dj.Manual):
            definition = "raw_id : int32\n---\ndata : <object@main>\narray : <npy@main>"

        @schema
        class Copy(dj.Manual):
            definition = "raw_id : int32\n---\ndata : <object@main>\narray : <npy@main>"

        Raw.insert1({"raw_id": 1, "data": b"abc", "array": np.arange(3)})
        Copy.insert(Raw)

        assert b"abc" == Copy.fetch1("data").read()
        assert [0, 1, 2] == Copy.fetch1("array").load().tolist()
        assert 4 == len(files_in(store))
