"""Objects whose path is that of their row, and files that the user has put into the store."""

from __future__ import annotations

import json
import re
import shutil
from uuid import UUID

import numpy as np
import pytest

import djnb as dj
from djnb.errors import DuplicateError, InvalidValueError, MissingFileError, StoreError
from tests.conformance.stores import files_in, stored_values

KEY = {"session_id": 1, "day": "2024-01-02", "name": "a/b", "tag": str(UUID(int=1))}


class TestObject:
    @pytest.fixture
    def Session(self, schema, store):
        """A table with objects of all kinds, under a key of several types."""

        @schema
        class Session(dj.Manual):
            definition = """
            session_id : int32
            day : date
            name : varchar(200)
            tag : uuid
            ---
            signal = null : <npy@main>
            raw = null : <object@main>
            """

        return Session

    def test_path_is_that_of_the_row(self, schema, Session, store):
        """A file's path has schema, table and primary key, as DataJoint 2 forms it."""
        Session.insert1({**KEY, "signal": np.ones((3, 2))})

        (path,) = files_in(store)
        folder = f"_schema/{schema.name}/session/session_id=1/day=2024-01-02/name=a%2Fb/tag={UUID(int=1)}"
        assert re.fullmatch(re.escape(folder) + r"/signal_[\w-]{8}\.npy", path)
        assert {"path": path, "store": "main", "dtype": "float64", "shape": [3, 2]} == json.loads(
            stored_values(Session, "signal")[0]
        )

    def test_array_is_read_when_it_is_needed(self, Session, store):
        """`<npy@store>` gives shape and dtype without reading, and is an array to numpy."""
        Session.insert1({**KEY, "signal": np.arange(6.0).reshape(2, 3)})

        ref = Session.fetch1("signal")

        assert ((2, 3), np.dtype("float64"), 6, 48, False) == (
            ref.shape,
            ref.dtype,
            ref.size,
            ref.nbytes,
            ref.is_loaded,
        )
        assert 15.0 == np.sum(ref)
        assert ref.is_loaded
        assert [1.0, 2.0, 3.0] == (ref + 1)[0].tolist()
        assert isinstance(ref.load(mmap_mode="r"), np.memmap)
        assert np.load(store / files_in(store)[0]).tolist() == ref.load().tolist()

    def test_array_of_objects_is_refused(self, Session):
        """An array that only pickling could keep is refused."""
        with pytest.raises(InvalidValueError, match="<npy> cannot keep an array of Python objects"):
            Session.insert1({**KEY, "signal": np.array([1, "a"], dtype=object)})

    @pytest.mark.parametrize("given", [b"hello", (".dat", b"hello"), "folder/hello.dat"])
    def test_file_of_any_kind(self, Session, store, tmp_path, given):
        """`<object@store>` takes bytes, a pair of extension and bytes, or a path; it gives a reference."""
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder/hello.dat").write_bytes(b"hello")
        Session.insert1({**KEY, "raw": given})

        ref = Session.fetch1("raw")

        assert (b"hello", 5, False) == (ref.read(), ref.size, ref.is_dir)
        assert (None if given == b"hello" else ".dat") == ref.ext
        assert b"hello" == (ref.download(tmp_path / "copy")).read_bytes()
        with open(ref, "rb") as file:  # noqa: PTH123 -- it is a path
            assert b"hello" == file.read()
        assert ref.verify()

    def test_folder(self, Session, store, tmp_path):
        """A folder is kept with the list of its files, and can be looked into."""
        (tmp_path / "zarr/sub").mkdir(parents=True)
        (tmp_path / "zarr/a").write_bytes(b"1")
        (tmp_path / "zarr/sub/b").write_bytes(b"22")
        Session.insert1({**KEY, "raw": tmp_path / "zarr"})

        ref = Session.fetch1("raw")

        assert (True, 3, 2, None) == (ref.is_dir, ref.size, ref.item_count, ref.ext)
        assert ["a", "sub"] == ref.listdir()
        assert b"22" == ref.open("sub/b").read()
        assert [("", ["sub"], ["a"]), ("sub", [], ["b"])] == list(ref.walk())
        assert [f"{ref.path}.manifest.json", f"{ref.path}/a", f"{ref.path}/sub/b"] == sorted(files_in(store))
        (store / ref.path / "a").unlink()
        with pytest.raises(MissingFileError):
            ref.verify()

    def test_partitions_come_first_in_the_path(self, schema, Session, store):
        """`partition_pattern` puts attributes of the key before schema and table."""
        dj.config.stores["main"]["partition_pattern"] = "{day}/{session_id}"
        Session.insert1({**KEY, "raw": b""})

        assert files_in(store)[0].startswith(f"_schema/day=2024-01-02/session_id=1/{schema.name}/session/name=a%2Fb/")


class TestFilepath:
    @pytest.fixture
    def Video(self, schema, store):
        """A table that points at files in the store."""

        @schema
        class Video(dj.Manual):
            definition = "video_id : int32\n---\nfile : <filepath@main>"

        (store / "videos").mkdir()
        (store / "videos/one.avi").write_bytes(b"film")
        return Video

    def test_file_in_the_store(self, Video, store):
        """A path within the store is recorded as it is, and a fetch gives a reference to it."""
        Video.insert1({"video_id": 1, "file": "videos/one.avi"})

        found = json.loads(stored_values(Video, "file")[0])
        assert ["path", "store", "size", "is_dir", "timestamp"] == list(found)
        assert ("videos/one.avi", "main", 4, False) == tuple(found.values())[:4]
        assert b"film" == Video.fetch1("file").read()

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("videos/two.avi", "there is no file 'videos/two.avi' in the store 'main'"),
            ("_hash/x", "is in the folder '_hash'"),
            ("_schema/x", "is in the folder '_schema'"),
            (7, "takes a path"),
        ],
    )
    def test_other_paths_are_refused(self, Video, path, reason):
        """A file that is not there, or in a folder of djnb's own, is refused."""
        with pytest.raises(InvalidValueError, match=re.escape(reason)):
            Video.insert1({"video_id": 1, "file": path})

    @pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "videos/../../x"])
    def test_paths_out_of_the_store_are_refused(self, Video, path):
        """No path leads out of the store."""
        with pytest.raises(StoreError, match="leads out of the store"):
            Video.insert1({"video_id": 1, "file": path})

    def test_failed_insert_leaves_the_users_file(self, Video, store):
        """A file that was there before is nobody's to remove."""
        Video.insert1({"video_id": 1, "file": "videos/one.avi"})
        with pytest.raises(DuplicateError):
            Video.insert1({"video_id": 1, "file": "videos/one.avi"})

        assert ["videos/one.avi"] == files_in(store)

    def test_file_of_the_stage_is_copied(self, Video, store, tmp_path):
        """With a `stage`, as up to DataJoint 0.14, a local file goes to the store and comes back to the stage."""
        stage = tmp_path / "stage"
        (stage / "day").mkdir(parents=True)
        (stage / "day/two.avi").write_bytes(b"new")
        dj.config.stores["main"]["stage"] = str(stage)
        Video.insert1({"video_id": 2, "file": stage / "day/two.avi"})
        shutil.rmtree(stage)

        path = Video.fetch1("file")

        assert str(stage / "day/two.avi") == path
        assert b"new" == (stage / "day/two.avi").read_bytes() == (store / "day/two.avi").read_bytes()
