"""Values in files that are named by their hash; and the stores that a definition may name."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import djnb as dj
from djnb.errors import CorruptFileError, UnknownTypeError
from tests.conformance.stores import files_in, stored_values


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
