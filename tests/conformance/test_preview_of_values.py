"""What a preview tells of large values, of foreign keys, and in pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest

import djnb as dj
from tests.conformance.reading import connection, schema
from tests.conformance.test_preview import Table

__all__ = ["connection", "schema"]

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Give a folder for files."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(autouse=True)
def _store(store):
    dj.config.stores["main"] = {"protocol": "file", "location": str(store)}


@pytest.fixture(scope="module")
def Session(schema):
    """Two sessions."""

    @schema
    class Session(dj.Manual):
        definition = """
        session_id : int32
        ---
        label : varchar(20)
        """

    Session.insert([(1, "first"), (2, "second")])
    return Session


@pytest.fixture(scope="module")
def Recording(Session, schema, store, tmp_path_factory):
    """Recordings with values of all kinds."""
    report = tmp_path_factory.mktemp("files") / "report.pdf"
    report.write_bytes(b"x" * 1989)
    with dj.config.override(stores__main={"protocol": "file", "location": str(store)}):

        @schema
        class Recording(dj.Manual):
            definition = """
            -> Session
            take : int16
            ---
            signal       : <blob>         # mV
            image = null : <blob>
            setup = null : <blob>
            array = null : <npy@main>
            file = null  : <attach>
            kept = null  : <blob@main>
            -> [nullable] Session.proj(earlier="session_id")
            """

        Recording.insert(
            [
                {
                    "session_id": 1,
                    "take": 1,
                    "signal": np.sin(np.arange(300) / 20),
                    "image": RANDOM.normal(size=(100, 160)),
                    "setup": {"gain": 2, "filter": "off"},
                    "array": np.zeros((3, 4), "f4"),
                    "file": report,
                    "kept": np.arange(500),
                },
                {"session_id": 2, "take": 1, "signal": RANDOM.normal(size=10**6), "earlier": 1},
            ]
        )
    return Recording


class TestLargeValues:
    def test_tell_what_they_are(self, Recording):
        """Arrays tell dtype and shape, files their name or what their row records, short values themselves."""
        first, second = Table(Recording.preview().html).rows
        sizes = [re.sub(r"[\d.]+ (k|M)?B>", "SIZE>", cell) for cell in first[2:8]]

        assert [
            "<float64 (300,), SIZE>",
            "<float64 (100, 160), SIZE>",
            "{'gain': 2, 'filter': 'off'}",
            "<float32 (3, 4), SIZE>",
            "<report.pdf SIZE>",
            "<blob, SIZE>",
        ] == sizes
        assert "<report.pdf 2 kB>" == first[6]
        assert re.fullmatch(r"<float64 \(1000000,\), [78][.\d]* MB>", second[2])
        assert ["null"] * 5 == second[3:8]

    def test_take_one_statement_and_little_of_each(self, Recording, connection, statements):
        """However large the values, some hundred bytes of each travel."""
        Recording.preview()
        (asked,) = statements
        (head,) = re.findall(r"substr\([^)]*signal[^)]*\)", asked)
        alias = head.partition("(")[2].partition(".")[0]
        name = connection.dialect.table(Recording().name)

        assert len(Recording.heading.blobs) == asked.count("substr(")
        assert [(512,)] == connection.query(f"SELECT max(length({head})) FROM {name} AS {alias}").fetchall()

    def test_of_a_codec_that_is_not_there_are_shown_by_its_name(self, schema):
        """A pipeline of others is looked at without their codecs."""

        class GraphCodec(dj.Codec):
            name = "graph_of_preview"

            def get_dtype(self, is_store):
                return "<blob>"

            def encode(self, value, *, key=None, store_name=None):
                return list(value)

            def decode(self, stored, *, key=None):
                return set(stored)

        @schema
        class Graph(dj.Manual):
            definition = """
            graph : int32
            ---
            edges : <graph_of_preview>
            """

        Graph.insert1((1, {1, 2}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("djnb.codecs.registry._classes", {})
            patch.setattr("djnb.codecs.registry._instances", {})
            shown = Graph.preview().text

        assert re.search(r"<graph_of_preview \d+ B>$", shown)


class TestForeignKeys:
    def test_tell_where_they_lead(self, Recording, Session):
        """The tooltip of an attribute names what it refers to, renamed or not, also in a join."""
        titles = dict(zip(Recording.heading.names, Table(Recording.preview().html).titles, strict=True))
        joined = (Recording.proj(other="session_id") * Session).preview()
        of_join = dict(zip(Table(joined.html).heads, Table(joined.html).titles, strict=True))

        assert "int32 · primary key · → Session.session_id" == titles["session_id"]
        assert "int32 · → Session.session_id" == titles["earlier"]
        assert "<blob> · mV" == titles["signal"]
        assert "int32 · primary key · → Session.session_id" == of_join["other"]
        assert "int32 · primary key" == of_join["session_id"]

    def test_of_another_schema_name_it(self, connection, Session, schema):
        """A parent elsewhere is named with its schema."""
        other = dj.Schema(f"{schema.database}b", connection=connection)

        @other
        class Elsewhere(dj.Manual):
            definition = """
            -> Session
            """

        (title,) = Table(Elsewhere.preview().html).titles
        other.drop(prompt=False)

        assert f"int32 · primary key · → {schema.database}.Session.session_id" == title


class TestPictures:
    def test_are_drawn_on_demand(self, Recording, statements):
        """Lines and images stand in the cells, from the table and from stores, in one statement."""
        plain, drawn = Recording.preview(), Recording.preview(pictures=True)

        assert not {"img", "svg"} & set(Table(plain.html).tags)
        # The image and the file of two axes; the signal and the blob in the store.
        assert (2, 2) == (drawn.html.count("<img"), drawn.html.count("<svg"))
        assert 2 == len(statements)
        assert re.search(r"[▁▂▃▄▅▆▇█]{16} <float64 \(300,\)", drawn.text)
        assert "▁▁▂▂▃▃▄▄▅▅▆▆▇▇██ <blob, " in drawn.text

    def test_leave_out_what_is_too_large(self, Recording):
        """A value of megabytes is told, and not fetched to be drawn."""
        drawn = (Recording & {"session_id": 2}).preview(pictures=True)

        assert "<svg" not in drawn.html

    def test_of_a_file_that_is_gone_tell_it(self, Recording, store):
        """The preview is shown all the same; the tooltip of the cell says what is missing."""
        with dj.config.override(stores__main={"protocol": "file", "location": str(store / "_hash")}):
            drawn = (Recording & {"session_id": 1}).proj("kept", "array").preview(pictures=True)

        assert 2 == drawn.html.count("MissingFileError: ")
        assert "<blob, " in drawn.text
