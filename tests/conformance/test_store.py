"""Values are kept in files of a store, which come and go with their rows."""

from __future__ import annotations

import json
import re
import resource
import shutil
from uuid import UUID

import numpy as np
import pytest

import djnb as dj
from djnb.errors import (
    CorruptFileError,
    DuplicateError,
    InvalidValueError,
    MissingFileError,
    StoreError,
    UnknownTypeError,
)
from tests.conformance.stores import files_in, stored_values


@pytest.fixture
def Scan(schema, store):
    """A table with a packed value in a store."""

    @schema
    class Scan(dj.Manual):
        definition = """
        scan_id : int32
        ---
        image : <blob@main>
        """

    return Scan


class TestDeclare:
    def test_as_the_guide_for_users_writes_it(self, schema, tmp_path, Recording):
        """`blob@ephys_store` in a computed table, as a lab's guide shows it, is filled and fetched."""
        dj.config.stores["ephys_store"] = {"protocol": "file", "location": str(tmp_path)}

        @schema
        class MyTable(dj.Computed):
            definition = """
            -> Recording
            ---
            my_first_column : int               # comment
            my_second_column: blob@ephys_store  # 2nd comment
            """

            def make(self, key):
                data = (Recording & key).fetch1("data")
                self.insert1(dict(key, my_first_column=len(data), my_second_column={"mean": data.mean()}))

        MyTable.populate()

        assert "<blob@ephys_store>" == MyTable.heading["my_second_column"].type.text
        assert "2nd comment" == MyTable.heading["my_second_column"].comment
        assert [{"mean": 1.0}, {"mean": 2.0}, {"mean": 3.0}] == list(MyTable.fetch("my_second_column"))
        assert 3 == len(files_in(tmp_path / "_hash"))

    def test_unknown_store_is_refused_with_the_known_ones_and_how_to_configure_it(self, schema, store):
        """A store that nobody has configured is refused in its line, before anything is created."""
        with pytest.raises(UnknownTypeError) as refused:

            @schema
            class Scan(dj.Manual):
                definition = "scan_id : int32\n---\nimage : <blob@mian>"

        assert str(refused.value).startswith(
            "In the definition of `Scan`, line 3:\n    image : <blob@mian>\n            ^\nThere is no store 'mian'.\n"
            "Did you mean 'main'? Configured are: main. To configure it: "
            '`dj.config.stores["mian"] = {"protocol": "file", "location": "/path/to/folder"}`.'
        )
        assert [] == schema.list_tables()

    def test_default_store_that_is_not_named_is_refused(self, schema):
        """`<blob@>` needs a default store; the message says how to name one."""
        with pytest.raises(UnknownTypeError, match=r"no default store.\n.*dj\.config\.stores\['default'\] = 'main'"):

            @schema
            class Scan(dj.Manual):
                definition = "scan_id : int32\n---\nimage : <blob@>"

    @pytest.mark.parametrize("codec", ["hash", "npy", "object", "filepath"])
    def test_codec_that_keeps_files_wants_a_store(self, schema, codec):
        """A codec that can only keep files is refused without a store; the message shows how to name one."""
        with pytest.raises(UnknownTypeError, match=f"`<{codec}>` .*\n.*`<{codec}@main>`"):

            @schema
            class Scan(dj.Manual):
                definition = f"scan_id : int32\n---\nimage : <{codec}>"


class TestHash:
    def test_row_and_file_are_datajoints(self, schema, Scan, store):
        """What the row records, the name of the file and its bytes are those of DataJoint 2."""
        Scan.insert1({"scan_id": 1, "image": [1, "a", None]})

        path = f"_hash/{schema.name}/c7ldfkqlwmpytrqt4kuhu5hh2e"
        (recorded,) = stored_values(Scan, "image")
        found = json.loads(recorded)
        assert ["hash", "path", "schema", "store", "size"] == list(found)
        assert (schema.name, "main", 52) == (found["schema"], found["store"], found["size"])
        assert found["path"] == f"_hash/{schema.name}/{found['hash']}"
        assert [found["path"]] == files_in(store)
        assert (
            bytes.fromhex(
                "646a300002030000000000000004000000000000000a0100010a00000000000000050100000000000000610100000000000000ff"
            )
            == (store / found["path"]).read_bytes()
        )
        assert len(path) == len(found["path"])

    def test_bytes_are_named_by_their_hash(self, schema, store):
        """`<hash@store>` keeps bytes; the hash of b"abc" is the one that DataJoint computes."""

        @schema
        class Raw(dj.Manual):
            definition = "raw_id : int32\n---\ndata : <hash@main>"

        Raw.insert1({"raw_id": 1, "data": b"abc"})

        assert [f"_hash/{schema.name}/saavbgb42jh3bvuwh56sryl7oi"] == files_in(store)
        assert b"abc" == Raw.fetch1("data")

    def test_folders_as_the_store_says(self, schema, Scan, store):
        """`subfolding` puts files into folders by the first letters of their names; earlier files are still found."""
        Scan.insert1({"scan_id": 1, "image": 1})
        dj.config.stores["main"]["subfolding"] = [2, 2]
        Scan.insert1({"scan_id": 2, "image": 2})

        assert [1, 2] == list(Scan.fetch("image"))
        assert 1 == sum(bool(re.fullmatch(r"_hash/\w+/(..)/(..)/\1\2\w{22}", path)) for path in files_in(store))

    def test_equal_values_share_a_file(self, Scan, store):
        """Content that is there already is not written again."""
        Scan.insert({"scan_id": i, "image": np.arange(5)} for i in range(3))

        assert 1 == len(files_in(store))
        assert [[0, 1, 2, 3, 4]] * 3 == [image.tolist() for image in Scan.fetch("image")]

    def test_changed_file_is_not_taken_for_the_value(self, Scan, store):
        """A file whose content has changed is an error that names attribute and file."""
        Scan.insert1({"scan_id": 1, "image": "fine"})
        (path,) = files_in(store)
        (store / path).write_bytes(b"broken")

        with pytest.raises(CorruptFileError, match=r"is not what was put there.*\(6 bytes\)") as refused:
            Scan.fetch1("image")
        error = refused.value
        assert ("Scan", "image", {"scan_id": 1}) == (error.table, error.attribute, error.key)
        assert ["The file belongs to 'image' of `Scan` for the key {'scan_id': 1}."] == error.__notes__
        assert error.__notes__ == _notes(refused, Scan)

    def test_default_store_is_recorded_by_its_name(self, schema, store):
        """`<blob@>` keeps values in the default store; rows know it by name, whatever becomes the default later."""

        @schema
        class Scan(dj.Manual):
            definition = "scan_id : int32\n---\nimage : <blob@>"

        Scan.insert1({"scan_id": 1, "image": "x"})
        dj.config.stores["default"] = None

        assert "main" == json.loads(stored_values(Scan, "image")[0])["store"]
        assert "x" == Scan.fetch1("image")


def _notes(refused, Scan):
    """Return the notes of an error, or of the same error when the whole row is fetched."""
    with pytest.raises(type(refused.value)) as again:
        Scan.fetch1()
    return again.value.__notes__


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
        """A display says that there is a file, and does not read it."""
        Scan.insert1({"scan_id": 1, "image": 1})
        shutil.rmtree(store)

        assert "<blob@main>" in Scan.preview().text

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
