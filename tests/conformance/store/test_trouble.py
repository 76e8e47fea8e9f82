"""A store in trouble says which row it is about; and any file system of fsspec is a store."""

from __future__ import annotations

import json
import resource
import shutil

import numpy as np
import pytest

import djnb as dj
from djnb.errors import DuplicateError, MissingFileError, StoreError
from tests.conformance.stores import files_in, stored_values


class TestAStoreInTrouble:
    def test_missing_file_names_the_row(self, Scan, store):
        """A file that is gone is an error of its own, with table, attribute, key, store and path."""
        Scan.insert([{"scan_id": 1, "image": "a"}, {"scan_id": 2, "image": "b"}])
        path = json.loads(stored_values(Scan, "image")[1])["path"]
        (store / path).unlink()

        with pytest.raises(MissingFileError) as missing:
            Scan.fetch("image")

        error = missing.value
        assert ("Scan", "image", {"scan_id": 2}) == (error.table, error.attribute, error.key)
        assert ("main", path) == (error.store, error.path)
        assert str(error).startswith(
            "The file of 'image' of `Scan` for the key {'scan_id': 2} is missing: "
            f"there is no '{path}' in the store 'main'."
        )

    def test_vanished_folder_names_the_row(self, Scan, store):
        """When a store is gone, the error of a fetch has the row whose file was wanted."""
        Scan.insert1({"scan_id": 1, "image": "a"})
        shutil.rmtree(store)

        with pytest.raises(StoreError, match="The folder of the store 'main' is not there") as refused:
            Scan.fetch("image")

        assert ("Scan", "image", {"scan_id": 1}) == (refused.value.table, refused.value.attribute, refused.value.key)

    def test_rows_without_their_file_can_be_deleted(self, Scan, store):
        """Rows are deleted without a look at their files."""
        Scan.insert1({"scan_id": 1, "image": "a"})
        shutil.rmtree(store / "_hash")

        assert 1 == Scan.delete(prompt=False)

    def test_vanished_folder_takes_no_file(self, Scan, store):
        """A disk that is not connected is an error, not an empty folder; the row is not inserted."""
        shutil.rmtree(store)

        with pytest.raises(StoreError, match="The folder of the store 'main' is not there"):
            Scan.insert1({"scan_id": 1, "image": "a"})

        assert not store.exists()
        assert 0 == len(Scan)

    def test_place_that_cannot_be_written(self, Scan, store):
        """Where nothing can be written, the error says why, and no row is inserted."""
        (store / "_hash").write_text("a file where the folder should be")

        with pytest.raises(StoreError, match="cannot be written in the store 'main'") as refused:
            Scan.insert1({"scan_id": 1, "image": "a"})

        assert ["The value was to become 'image' of `Scan` in row 0."] == refused.value.__notes__
        assert 0 == len(Scan)

    def test_disk_without_room(self, schema, store):
        """A file that finds no room is told with the system's reason; neither row nor file stays."""

        @schema
        class Raw(dj.Manual):
            definition = "raw_id : int32\n---\ndata : <hash@main>"

        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
        try:
            with pytest.raises(StoreError, match=r"cannot be written in the store 'main' .*: file too large"):
                Raw.insert1({"raw_id": 1, "data": bytes(4_000_000)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        assert [] == files_in(store)
        assert 0 == len(Raw)


class TestOtherFileSystems:
    @pytest.fixture(params=["blob", "attach", "npy", "object", "hash"])
    def value(self, request, tmp_path):
        """A codec, a value for it, and how to compare what comes back."""
        (tmp_path / "note.txt").write_text("hi")
        return {
            "blob": ("blob", {"a": 1}, lambda got: got == {"a": 1}),
            "attach": ("attach", tmp_path / "note.txt", lambda got: "hi" == (tmp_path / got).read_text()),
            "npy": ("npy", np.arange(3), lambda got: [0, 1, 2] == np.asarray(got.load(mmap_mode="r")).tolist()),
            "object": ("object", tmp_path / "note.txt", lambda got: b"hi" == got.read()),
            "hash": ("hash", b"abc", lambda got: b"abc" == got),
        }[request.param]

    def test_memory(self, schema, value):
        """Any file system of fsspec is a store: files go there and come back, and none stays of a failed insert."""
        codec, given, is_right = value
        dj.config.stores["fast"] = {"protocol": "memory", "location": f"/{schema.name}"}

        @schema
        class Scan(dj.Manual):
            definition = f"scan_id : int32\n---\ndata : <{codec}@fast>"

        Scan.insert1({"scan_id": 1, "data": given})

        import fsspec

        memory = fsspec.filesystem("memory")
        before = memory.find(f"/{schema.name}")
        with pytest.raises(DuplicateError):
            Scan.insert([{"scan_id": 2, "data": given}, {"scan_id": 1, "data": given}])
        assert is_right(Scan.fetch1("data"))
        assert before == memory.find(f"/{schema.name}")
        assert not any(".part" in path for path in before)
