"""Files are written directly into a store, and the row is inserted when they are complete."""

from __future__ import annotations

import json
import re

import pytest

import djnb as dj
from djnb.errors import DuplicateError, InsertError, MissingAttributeError
from tests.conformance.stores import files_in, stored_values


@pytest.fixture
def Recording(schema, store):
    """A table with an object."""

    @schema
    class Recording(dj.Manual):
        definition = """
        recording_id : int32
        ---
        rate = 1 : float64
        raw : <object@main>
        """

    return Recording


class TestStagedInsert:
    def test_file(self, schema, Recording, store):
        """A file that is opened by the staged row belongs to the row that is inserted at the end."""
        with Recording.staged_insert1 as staged:
            staged.rec.update(recording_id=1, rate=2.0)
            with staged.open("raw", ".bin") as file:
                file.write(b"hello")

        ref = Recording.fetch1("raw")
        assert (b"hello", 5, ".bin", False) == (ref.read(), ref.size, ref.ext, ref.is_dir)
        assert re.fullmatch(rf"_schema/{schema.name}/recording/recording_id=1/raw_[\w-]{{8}}\.bin", ref.path)
        assert ["path", "store", "size", "ext", "is_dir", "item_count", "timestamp"] == list(
            json.loads(stored_values(Recording, "raw")[0])
        )

    def test_folder(self, Recording):
        """A mapping of names to contents, as Zarr takes it, becomes a folder."""
        with Recording.staged_insert1 as staged:
            staged.rec["recording_id"] = 1
            staged.store("raw", ".zarr").update({"a": b"1", "sub/b": b"22"})

        ref = Recording.fetch1("raw")
        assert (True, 3, 2, ".zarr") == (ref.is_dir, ref.size, ref.item_count, ref.ext)
        assert b"22" == ref.fsmap["sub/b"]

    def test_error_removes_the_files(self, Recording, store):
        """After an error in the block, neither row nor file is there."""

        def fail():
            with Recording.staged_insert1 as staged:
                staged.rec["recording_id"] = 1
                staged.store("raw")["a"] = b"1"
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()

        assert [] == files_in(store)
        assert 0 == len(Recording)

    def test_refused_row_removes_the_files(self, Recording, store):
        """A row that is there already stays with its file, and the new file goes."""
        Recording.insert1({"recording_id": 1, "raw": b"old"})

        def again():
            with Recording.staged_insert1 as staged:
                staged.rec["recording_id"] = 1
                staged.store("raw")["a"] = b"1"

        with pytest.raises(DuplicateError):
            again()

        assert 1 == len(files_in(store))
        assert b"old" == Recording.fetch1("raw").read()

    def test_key_comes_first(self, Recording):
        """The path has the key, which must be there before a file is opened."""
        with (
            pytest.raises(MissingAttributeError, match="`rec` has no 'recording_id'"),
            Recording.staged_insert1 as staged,
        ):
            staged.store("raw")

    def test_only_objects(self, Recording):
        """Another attribute cannot be written to directly."""
        with pytest.raises(InsertError, match="'rate' of `Recording` is `float64`"), Recording.staged_insert1 as staged:
            staged.open("rate")
