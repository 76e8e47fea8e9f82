"""A local file goes in by its path, and comes back as a copy in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import djnb as dj
from djnb.errors import BlobError, InvalidValueError
from tests.conformance.stores import files_in, stored_values


@pytest.fixture(params=["<attach>", "<attach@main>", "attach", "attach@main"])
def Document(request, schema, store):
    """A table with a file, in the table and in a store, in both spellings."""

    @schema
    class Document(dj.Manual):
        definition = f"document_id : int32\n---\nfile : {request.param}"

    return Document


@pytest.fixture
def downloads(tmp_path):
    """The folder into which attachments go."""
    dj.config.download_path = tmp_path / "downloads"
    return tmp_path / "downloads"


def write(path, text):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    return path


class TestAttach:
    def test_comes_back_under_its_name(self, Document, downloads, tmp_path):
        """A fetch gives the path of a copy with the same name and content."""
        Document.insert1({"document_id": 1, "file": write(tmp_path / "in/notes é.txt", "hello")})

        path = Document.fetch1("file")

        assert str(downloads / "notes é.txt") == path
        assert "hello" == (downloads / "notes é.txt").read_text()

    def test_bytes_are_name_zero_content(self, Document, store, tmp_path):
        """What is kept is the file's name, a zero byte and its content, as DataJoint writes it."""
        Document.insert1({"document_id": 1, "file": str(write(tmp_path / "in/a.txt", "hello"))})

        (kept,) = stored_values(Document, "file")
        if "@" in Document.heading["file"].type.text:
            (path,) = files_in(store)
            kept = (store / path).read_bytes()
        assert b"a.txt\0hello" == bytes(kept)

    def test_batches_are_counted_by_the_sizes_of_files(self, schema, tmp_path, statements, monkeypatch):
        """Files that would not fit into memory together go in one after the other."""

        @schema
        class Recording(dj.Manual):
            definition = "recording : int32\n---\nfile : <attach>"

        paths = [tmp_path / f"{number}.dat" for number in range(3)]
        for path in paths:
            path.write_bytes(bytes(2**20 + 1 if path.stem == "0" else 10))
        monkeypatch.setattr("djnb.rows.given.BATCH_BYTES", 2**20)
        statements.clear()

        Recording.insert({"recording": n, "file": path} for n, path in enumerate(paths))

        assert 2 == sum(sql.startswith("INSERT") for sql in statements)

    def test_other_content_of_the_same_name_gets_a_number(self, Document, downloads, tmp_path):
        """A file that is there already is not overwritten; the same content is not written twice."""
        texts = ["one", "two", "three", "one"]
        Document.insert(
            {"document_id": i, "file": write(tmp_path / str(i) / "a.txt", text)} for i, text in enumerate(texts)
        )

        paths = Document.to_dicts(order_by="document_id")

        assert texts == [Path(row["file"]).read_text() for row in paths]
        assert sorted(["a.txt", "a_1.txt", "a_2.txt"]) == files_in(downloads)
        assert paths == Document.to_dicts(order_by="document_id")

    @pytest.mark.parametrize(
        ("given", "reason"), [("nowhere.txt", "there is no file"), (".", "is a folder"), (1, "path")]
    )
    def test_what_is_no_file_is_refused(self, Document, given, reason):
        """The message names the attribute and says what is wrong."""
        with pytest.raises(InvalidValueError, match=f"for 'file' in row 0 is refused by `<attach>`: .*{reason}"):
            Document.insert1({"document_id": 1, "file": given})


class TestHostileNames:
    @pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/b", "..", "", "C:\\evil"])
    def test_bytes_cannot_choose_the_folder(self, schema, downloads, name):
        """An attachment that would be written elsewhere is no attachment."""

        @schema
        class Document(dj.Manual):
            definition = "document_id : int32\n---\nfile : bytes"

        Document.insert1({"document_id": 1, "file": name.encode() + b"\0evil"})
        from djnb.codecs.attach import AttachCodec

        with pytest.raises(BlobError, match="no attachment"):
            AttachCodec().decode(Document.fetch1("file"), context={"download_path": downloads})
        assert not downloads.exists()
