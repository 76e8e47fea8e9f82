"""Texts that line up, and that show what they are."""

from __future__ import annotations

import pytest

from djnb.characters import cut, in_one_line, pad, width_of


class TestWidth:
    @pytest.mark.parametrize(
        ("text", "width"),
        [
            ("mouse", 5),
            ("", 0),
            ("名前", 4),
            ("cafe\u0301", 4),  # an accent of its own
            ("한글", 4),
            ("🐭", 2),
            ("👩\u200d🔬", 2),  # a scientist: a woman, a joiner and a microscope
            ("\uff57", 2),  # a wide w
            ("ß→½", 3),
        ],
    )
    def test_is_the_number_of_places_in_a_terminal(self, text, width):
        """Wide characters take two places, accents of their own none, and joined pictures are one."""
        assert width == width_of(text)
        assert 8 == width_of(pad(text, 8)) == width_of(pad(text, 8, right=True))


class TestCut:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [("mouse", "mouse"), ("mouse 12", "mous…"), ("名前名前", "名前…"), ("e\u0301" * 9, "e\u0301" * 4 + "…")],
    )
    def test_takes_no_more_places_than_it_may(self, text, shown):
        """A long text ends with a sign that it goes on; an accent stays with its letter."""
        assert shown == cut(text, 5)
        assert width_of(cut(text, 5)) <= 5


class TestOneLine:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("a\nb\r\nc\td", "a ↵ b ↵ c d"),
            ("\x1b[31mred", "\\x1b[31mred"),
            ("invoice\u202egpj.exe", "invoice\\u202egpj.exe"),
            ("zero\u200bwidth", "zero\\u200bwidth"),
            ("half\ud800", "half\\ud800"),
            ("naïve 名前 👩\u200d🔬", "naïve 名前 👩\u200d🔬"),
        ],
    )
    def test_writes_out_what_would_not_show_as_itself(self, text, shown):
        """A value cannot break the table, colour the terminal, or look like another text."""
        assert shown == in_one_line(text)
