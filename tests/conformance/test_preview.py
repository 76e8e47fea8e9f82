"""A few rows to look at, as text and as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import djnb as dj
from djnb.events import Fetched
from tests.conformance.reading import connection, schema

__all__ = ["connection", "schema"]


@pytest.fixture(scope="module")
def Recording(schema):
    """Three rows with values that are hard to show."""

    @schema
    class Recording(dj.Manual):
        definition = """
        # <b>what</b> was recorded & where
        subject : varchar(16)
        take    : int32
        ---
        rate = null  : float64      # Hz, "nominal" <i>
        at = null    : datetime
        note = null  : varchar(400)
        doc = null   : json
        raw = null   : bytes
        data = null  : <blob>
        """

    Recording.insert(
        [
            {
                "subject": "<script>alert(1)",
                "take": 1,
                "rate": 30000.123456,
                "at": "2024-01-05 12:00:00",
                "note": "first\nsecond\tthird",
                "doc": {"k": [1, 2]},
                "raw": b"x" * 1500,
                "data": np.zeros(2000),
            },
            {"subject": '名前 & "co"', "take": 20, "note": "x" * 400},
            {"subject": "zed", "take": 3, "rate": 2},
        ]
    )
    return Recording


@pytest.fixture(scope="module")
def Many(schema):
    """A hundred rows."""

    @schema
    class Many(dj.Manual):
        definition = """
        number : int32
        ---
        half : float64
        """

    Many.insert((number, number / 2) for number in range(100))
    return Many


class Table(HTMLParser):
    """Reads an HTML table back: heads, rows, tooltips, caption."""

    def __init__(self, html):
        super().__init__()
        self.heads, self.titles, self.rows, self.caption, self.tags, self._cell = [], [], [], "", [], None
        self._place = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag in ("thead", "tbody", "caption", "style"):
            self._place = tag
        if tag == "tr" and self._place == "tbody":
            self.rows.append([])
        if tag in ("th", "td"):
            if self._place == "thead":
                self.heads.append("")
                self.titles.append(dict(attributes).get("title"))
            else:
                self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag == "caption":
            self._place = ""

    def handle_data(self, data):
        if self._place == "caption":
            self.caption += data
        elif self._place == "thead":
            self.heads[-1] += data
        elif self._place == "tbody":
            self.rows[-1][-1] += data


class TestText:
    def test_is_aligned(self, Many):
        """Columns are aligned, numbers to the right, and names of the key begin with a star."""
        text = (Many & "number IN (1, 20)").preview().text

        assert "Many: 2 rows\n*number  half\n-------  ----\n      1   0.5\n     20    10" == text

    def test_is_aligned_where_characters_are_wide(self, Recording):
        """Characters that take two places in a terminal are counted so."""
        lines = Recording.proj("rate").preview().text.splitlines()

        assert "Recording: 3 rows" == lines[0]
        assert ["*subject          *take     rate", "----------------  -----  -------"] == lines[1:3]
        assert '名前 & "co"          20     null' == lines[5]

    def test_is_what_str_gives(self, Many):
        """`print(query)` shows the preview; `repr` is one line and asks nothing."""
        query = Many & "number < 3"

        assert query.preview().text == str(query)
        assert re.fullmatch(r"<Many `\w+`.`many`, restricted>", repr(query))

    def test_shows_one_line_a_row(self, Recording):
        """Line breaks and tabs within a value do not break the table."""
        text = (Recording & "take = 1").preview().text

        assert 4 == len(text.splitlines())
        assert "first ↵ second third" in text


class TestHtml:
    def test_is_escaped(self, Recording):
        """Values, comments and names are shown as they are, never run."""
        html = Recording.preview().html
        table = Table(html)

        assert "<script>" not in html
        assert "<i>" not in html
        assert "<b>what</b>" not in html
        assert "<script>alert(1)" == table.rows[0][0]
        assert '名前 & "co"' == table.rows[2][0]
        assert "Recording — <b>what</b> was recorded & where · 3 rows" == table.caption
        assert 'float64 · Hz, "nominal" <i>' == table.titles[2]

    def test_has_the_same_cells_as_the_text(self, Recording):
        """Heads, cells and counts agree."""
        shown = Recording.proj("rate").preview()
        table = Table(shown.html)

        assert ["subject", "take", "rate"] == table.heads
        assert [
            ["<script>alert(1)", "1", "30000.1"],
            ["zed", "3", "2"],
            ['名前 & "co"', "20", "null"],
        ] == table.rows
        assert all(cell in shown.text for row in table.rows for cell in row)

    def test_is_what_a_notebook_shows(self, Many):
        """The class alone, an instance and a query are shown with both forms."""
        for shown in (Many(), Many & True, Many.proj("half")):
            bundle = shown._repr_mimebundle_()
            assert {"text/plain", "text/html"} == set(bundle)
            assert "100 rows" in bundle["text/plain"]

    def test_tooltip_tells_type_and_role(self, Recording):
        """The head of each column says what the attribute is."""
        titles = dict(zip(Recording.heading.names, Table(Recording.preview().html).titles, strict=True))

        assert ("int32 · primary key", "<blob>") == (titles["take"], titles["data"])


class TestCells:
    def test_are_bounded(self, Recording):
        """A long text is cut, and shows that it is."""
        row = next(row for row in Table(Recording.preview().html).rows if row[1] == "20")
        note = row[4]

        assert note.endswith("…")
        assert len(note) == dj.config.display.width

    def test_of_blobs_and_bytes_tell_what_they_hold(self, Recording):
        """Of what may be large, dtype, shape and size are shown."""
        row = next(row for row in Table(Recording.preview().html).rows if row[1] == "1")

        assert ["2024-01-05 12:00:00", "first ↵ second third", "{'k': [1, 2]}", "<bytes 1.5 kB>"] == row[3:7]
        assert re.fullmatch(r"<float64 \(2000,\), [\d.]+ k?B>", row[7])

    def test_of_null_say_so(self, Recording):
        """NULL is told from the text 'null' by its style."""
        html = (Recording & "take = 3").preview().html

        assert 5 == html.count('<td class="djnb-null')


class TestCount:
    def test_of_more_rows_than_are_shown(self, Many):
        """The first rows, and how many there are in all."""
        with dj.config.override(display__limit=3):
            shown = Many.preview()

        assert ["0", "1", "2"] == [row[0] for row in Table(shown.html).rows]
        assert shown.text.startswith("Many: 3 of 100 rows\n")

    def test_may_be_left_out(self, Many, statements):
        """Counting a large table takes time; `show_row_count` switches it off."""
        with dj.config.override(display__limit=3, display__show_row_count=False):
            text = Many.preview().text

        assert text.startswith("Many: the first 3 rows\n")
        assert 1 == len(statements)

    def test_of_one_and_of_none(self, Many):
        """One row is no rows' plural; an empty table still shows its heading."""
        assert (Many & "number = 1").preview().text.startswith("Many: 1 row\n")
        assert "Many: 0 rows\n*number  half\n-------  ----" == (Many & False).preview().text


class TestStatements:
    def test_one_where_all_rows_are_shown(self, Many, statements):
        """Nothing is counted that was seen."""
        (Many & "number < 5").preview()

        assert 1 == len(statements)

    def test_two_where_there_are_more(self, Many, statements):
        """One for the rows, one to count."""
        Many.preview()

        assert 2 == len(statements)

    def test_blobs_are_not_fetched(self, Recording, connection, statements):
        """Only their sizes and first bytes travel, and the event says that it was for a display."""
        heard = []
        with connection.bus.subscribed(heard.append, Fetched):
            Recording.preview()

        quote = connection.dialect.quote
        assert f"length(`t1`.{quote('data')})".replace("`t1`", quote("t1")) in statements[0]
        assert f"substr(`t1`.{quote('data')}, 1, 512)".replace("`t1`", quote("t1")) in statements[0]
        assert 1 == statements[0].count(f"{quote('t1')}.{quote('note')}")
        assert [("preview", 3)] == [(event.purpose, event.count) for event in heard]


class TestOfQueries:
    def test_of_a_join_an_aggregate_and_a_computed_attribute(self, Many):
        """Any query can be looked at."""
        few = Many & "number < 2"

        assert "Many: 2 rows\n*number  text\n-------  ----\n      0  n0\n      1  n1" == (
            few.proj(text="concat('n', number)").preview().text
        )
        assert "Many.aggr(Many): 2 rows\n*number  n\n-------  -\n      0  1\n      1  1" == (
            few.proj().aggr(Many, n="count(*)").preview().text
        )
        with dj.config.override(semantic_check="off"):
            assert "Many * Many: 1 row" == (few * (few & "number = 1")).preview().text.splitlines()[0]
