"""The rows of a query page by page."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from tests.conformance.reading import connection, schema
from tests.conformance.test_preview import Table

__all__ = ["connection", "schema"]


@pytest.fixture(scope="module")
def Trial(schema):
    """Twenty-three rows in four groups."""

    @schema
    class Trial(dj.Manual):
        definition = """
        # one run
        trial : int32
        ---
        side  : varchar(8)
        speed = null : float64
        """

    Trial.insert((n, "abcd"[n % 4], None if n == 5 else n / 2) for n in range(23))
    return Trial


def numbers(shown):
    """Return the keys on a page."""
    return [int(row[0]) for row in Table(shown.html).rows]


class TestPages:
    def test_are_turned(self, Trial):
        """Page after page, to the last one and not beyond."""
        pages = Trial.pages(limit=10)

        assert (23, 3, 1) == (pages.total, pages.count, pages.number)
        assert [list(range(10)), list(range(10, 20)), [20, 21, 22]] == [
            numbers(pages.turn(n).preview()) for n in (1, 2, 9)
        ]
        assert (3, 1) == (pages.number, pages.turn(0).number)

    def test_say_which_rows_they_show(self, Trial):
        """The caption tells the place of the rows among all."""
        pages = Trial.pages(limit=11)

        assert "Trial: 11 of 23 rows (one run)" == pages.preview().text.splitlines()[0]
        assert "Trial: rows 12 to 22 of 23 (one run)" == pages.turn(2).preview().text.splitlines()[0]
        assert "Trial: row 23 of 23 (one run)" == pages.turn(3).preview().text.splitlines()[0]

    def test_hold_every_row_once_in_any_order(self, Trial):
        """The key decides between equal rows."""
        pages = Trial.pages(limit=5, order_by="side DESC")
        seen = [number for n in range(1, pages.count + 1) for number in numbers(pages.turn(n).preview())]

        assert [3, 7, 11, 15, 19] == seen[:5]
        assert list(range(23)) == sorted(seen)

    def test_are_sorted_anew(self, Trial):
        """Another order begins at its first page."""
        pages = Trial.pages(limit=3).turn(4)

        assert [22, 21, 20] == numbers(pages.sort("speed DESC").preview())
        assert [0, 1, 2] == numbers(pages.sort().preview())

    def test_change_their_size(self, Trial):
        """The first row in sight stays in sight."""
        pages = Trial.pages(limit=5).turn(3).resize(4)

        assert (3, [8, 9, 10, 11]) == (pages.number, numbers(pages.preview()))

    def test_take_one_statement_each(self, Trial, statements):
        """Rows are counted once for all pages."""
        pages = Trial.pages(limit=5)
        pages.preview()
        first = len(statements)
        pages.turn(2).preview()
        pages.turn(5).preview()

        assert (2, 4) == (first, len(statements))

    def test_are_counted_again_when_asked(self, schema):
        """Rows that have gone leave no empty page open."""

        @schema
        class Passing(dj.Manual):
            definition = "n : int32"

        Passing.insert((n,) for n in range(9))
        pages = Passing.pages(limit=3).turn(3)
        (Passing & "n > 4").delete(prompt=False)

        assert "Passing: no rows of 9" == pages.preview().text.splitlines()[0]
        assert [3, 4] == numbers(pages.recount().preview())

    def test_tell_how_the_rows_are_fetched(self, Trial):
        """What is on the page is one step from a DataFrame, and in the same order."""
        pages = Trial.pages(limit=5, order_by="side DESC").turn(2)

        assert "Trial.to_pandas(order_by='side DESC', limit=5, offset=5)" == pages.code("Trial")
        assert "q.to_pandas()" == Trial.pages(limit=50).code("q")
        assert "q.to_pandas(order_by=['side', 'speed DESC'])" == Trial.pages(
            limit=50, order_by="side, speed DESC"
        ).code("q")

    def test_are_those_of_the_first_rows_of_a_query(self, Trial):
        """`Top` keeps its rows, whatever order they are looked at in."""
        pages = (Trial & dj.Top(4, order_by="speed DESC")).pages(limit=3)

        assert [22, 21, 20] == numbers(pages.preview())
        assert [19, 20, 21] == numbers(pages.sort("trial").preview())
        assert [22] == numbers(pages.turn(2).preview())

    def test_show_themselves_in_a_notebook(self, Trial):
        """The open page alone in a cell."""
        pages = Trial.pages(limit=2)

        assert {"text/plain": str(pages), "text/html": pages.preview().html} == pages._repr_mimebundle_()


class TestInAList:
    def test_nothing_is_asked(self, Trial, statements):
        """Lists, tracebacks and debuggers show queries, pages and headings in a line each, and send nothing."""
        shown = repr([Trial(), Trial & "trial < 3", Trial.proj("side"), Trial.pages(limit=5), Trial.heading])

        assert [] == statements
        assert "\n" not in shown
        assert "<Pages of Trial, 5 rows each, open at page 1>, <Heading *trial, side, speed>]" in shown


class TestRefused:
    @pytest.mark.parametrize("limit", [0, -1, 1001])
    def test_size_that_is_none(self, limit, Trial, statements):
        """Pages are bounded; more rows are for a DataFrame."""
        with pytest.raises(OperandError, match=r"to_pandas"):
            Trial.pages(limit=limit)
        with pytest.raises(OperandError, match=r"to_pandas"):
            Trial.preview(limit=limit)

        assert [] == statements

    def test_order_that_is_none(self, Trial, statements):
        """A misspelt name is refused before anything is sent."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'speed'"):
            Trial.pages().sort("sped DESC")
        with pytest.raises(UnknownAttributeError, match="Did you mean 'speed'"):
            Trial.preview(order_by="sped")
        with pytest.raises(OperandError, match="offset of -1"):
            Trial.preview(offset=-1)

        assert [] == statements
