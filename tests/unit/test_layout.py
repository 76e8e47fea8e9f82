"""Cells under heads, as text and as HTML."""

from __future__ import annotations

from djnb.layout import Cell, Column, lay_out

COLUMNS = [Column("名", in_key=True), Column("n"), Column("note", title='said "so" & <b>')]


def shown(*rows, **options):
    """Return a table of these rows."""
    return lay_out("Table", f"{len(rows)} rows", "", COLUMNS, [list(row) for row in rows], **options)


class TestText:
    def test_columns_line_up_whatever_the_characters(self):
        """Letters of other scripts, accents of their own and pictures move nothing."""
        text = shown(
            [Cell("ada"), Cell("1", "number"), Cell("x")],
            [Cell("名前"), Cell("12", "number"), Cell("🐭 y")],
            [Cell("e\u0301"), Cell("null", "null"), Cell("z")],
        ).text

        assert [
            "Table: 3 rows",
            "*名      n  note",
            "----  ----  ----",
            "ada      1  x",
            "名前    12  🐭 y",
            "e\u0301     null  z",
        ] == text.splitlines()

    def test_value_keeps_to_its_line(self):
        """Line breaks and controls within a value are written out."""
        text = shown([Cell("a\nb"), Cell("1"), Cell("\x1b[2J")]).text

        assert ["a ↵ b  1  \\x1b[2J"] == text.splitlines()[3:]


class TestHtml:
    def test_is_escaped_but_for_pictures(self):
        """Texts, tooltips and names are data; only what draws a picture is markup."""
        html = shown([Cell("<i>", title='"&'), Cell("1"), Cell("x", picture="<svg></svg>")], hint="<u>").html

        assert '<th scope="row" class="" title="&quot;&amp;">&lt;i&gt;</th>' in html
        assert '<td class=""><svg></svg>x</td>' in html
        assert 'title="said &quot;so&quot; &amp; &lt;b&gt;"' in html
        assert '<span title="&lt;u&gt;">1 rows</span>' in html

    def test_is_what_a_notebook_shows(self):
        """A table alone in a cell is shown in both forms, and in a terminal as text."""
        table = shown([Cell("a"), Cell("1"), Cell("x")])

        assert {"text/plain": table.text, "text/html": table.html} == table._repr_mimebundle_()
        assert table.text == repr(table) == str(table)
