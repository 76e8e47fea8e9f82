"""Arrays as small pictures."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import numpy as np
import pytest

from djnb.preview.bars import bars
from djnb.preview.pictures import picture_of


def pixels(html):
    """Return the pixels of an image, read back from its PNG."""
    data = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    width, height, depth, kind = struct.unpack_from(">IIBB", data, 16)
    length = data.index(b"IDAT")
    content = zlib.decompress(data[length + 4 :][: struct.unpack(">I", data[length - 4 : length])[0]])
    planes = {0: 1, 2: 3, 6: 4}[kind]
    rows = np.frombuffer(content, np.uint8).reshape(height, 1 + width * planes)

    assert (8, 0) == (depth, rows[:, 0].max())
    return rows[:, 1:].reshape((height, width, planes) if planes > 1 else (height, width))


class TestImage:
    def test_goes_from_black_to_white(self):
        """The least value is black and the greatest white; the alternative text tells which they are."""
        html, line = picture_of(np.array([[1.0, 2.0], [3.0, np.nan]]))

        assert [[0, 127], [255, 0]] == pixels(html).tolist()
        assert 'alt="float64 (2, 2), from 1 to 3"' in html
        assert "" == line

    def test_is_small_whatever_the_array(self):
        """A large image is thinned out, and its proportions stay."""
        html, _ = picture_of(np.arange(1_000_000).reshape(500, 2000))

        assert (128, 128) == pixels(html).shape
        assert 'width="64" height="16"' in html
        assert len(html) < 20_000

    @pytest.mark.parametrize("dtype", ["u1", "f8", "u2"])
    def test_has_the_colours_of_the_array(self, dtype):
        """Colours are bytes, floats up to 1, or integers of another range."""
        colours = np.zeros((2, 3, 3), dtype)
        colours[0, 0] = {"u1": (255, 0, 255), "f8": (1, 0, 1), "u2": (4000, 0, 4000)}[dtype]

        assert [255, 0, 255] == pixels(picture_of(colours)[0])[0, 0].tolist()

    def test_of_truth_values_is_black_and_white(self):
        """A mask is an image."""
        assert [[255, 0]] == pixels(picture_of(np.array([[True, False], [False, True]]))[0])[:1].tolist()


class TestLine:
    def test_shows_the_course_of_the_numbers(self):
        """As characters in a terminal, as a curve in a notebook."""
        html, line = picture_of(np.linspace(0, 1, 8))

        assert "▁▂▃▄▅▆▇█" == line
        assert 'aria-label="float64 (8,), from 0 to 1"' in html
        assert 1 == html.count("<polyline")

    def test_keeps_peaks_of_many_numbers(self):
        """A spike among a million samples is seen."""
        signal = np.zeros(1_000_000)
        signal[500_000] = 9

        html, line = picture_of(signal)

        assert "from 0 to 9" in html
        assert ",1.0" in html
        assert len(html) < 6_000
        assert 16 == len(line)

    def test_has_a_gap_where_nothing_is_known(self):
        """NaN and infinity are no numbers to draw."""
        html, line = picture_of(np.array([0, 1, np.nan, np.inf, 1, 0.0]))

        assert 2 == html.count("<polyline")
        assert "▁█  █▁" == line

    def test_of_extremes_is_drawn(self):
        """A range beyond floats, or none, is no error."""
        assert picture_of(np.array([-1e308, 1e308]))[1]
        assert "▁▁▁" == picture_of(np.array([5, 5, 5]))[1]
        assert ("", "") == picture_of(np.array([np.nan, np.nan]))

    def test_of_one_row_or_column_is_a_line(self):
        """MATLAB writes a line as a matrix of one row."""
        assert picture_of(np.arange(8.0))[1] == picture_of(np.arange(8.0)[None])[1]

    def test_of_complex_numbers_shows_their_magnitude(self):
        """What else is there to see."""
        assert "▁█" == picture_of(np.array([0, 3 + 4j]))[1]


@pytest.mark.parametrize(
    "value", [None, "text", {"a": 1}, np.array(5), np.zeros((2, 2, 2, 2)), np.array(["a", "b"]), np.array([1])]
)
def test_other_values_have_no_picture(value):
    """Nothing is drawn of what is neither a line nor an image."""
    assert ("", "") == picture_of(value)


def test_bars_are_as_high_as_the_counts():
    """A count of one is seen beside a thousand, and nothing where there is none."""
    svg, line = bars([0, 1, 1000], "<n>")

    assert " ▁█" == line
    assert 2 == svg.count("<rect")
    assert 'aria-label="&lt;n&gt;"' in svg
