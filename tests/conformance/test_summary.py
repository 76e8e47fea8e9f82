"""What the values of attributes are like."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

import djnb as dj
from djnb.errors import UnknownAttributeError
from tests.conformance.reading import connection, schema
from tests.conformance.test_preview import Table

__all__ = ["connection", "schema"]


@pytest.fixture(scope="module")
def Trial(schema):
    """A hundred rows with values of many types."""

    @schema
    class Trial(dj.Manual):
        definition = """
        n : int32
        ---
        rank : enum('low', 'high')
        latency = null : float64
        day : date
        good : bool
        cost : decimal(6, 2)
        note = null : <blob>
        meta = null : json
        """

    Trial.insert(
        {
            "n": n,
            "rank": "high" if n < 30 else "low",
            "latency": None if n % 10 == 0 else n - 50.5,
            "day": dt.date(2024, 1, 1 + n % 5),
            "good": n % 4 == 0,
            "cost": Decimal(n) / 4,
        }
        for n in range(100)
    )
    return Trial


class TestSummary:
    def test_tells_counts_extremes_and_means(self, Trial, statements):
        """Of every attribute that is not large, in one statement."""
        summary = Trial.summary()

        assert ["n", "rank", "latency", "day", "good", "cost", "meta"] == list(summary)
        assert (100, 1) == (summary.total, len(statements))
        told = {
            name: (each.known, each.missing, each.distinct, each.least, each.greatest, each.mean)
            for name, each in summary.items()
        }
        assert (90, 10, 90, -49.5, 48.5, -0.5) == (*told["latency"][:5], round(told["latency"][5], 9))
        assert (100, 0, 2, False, True, 0.25) == told["good"]
        assert (100, 0, 5, dt.date(2024, 1, 1), dt.date(2024, 1, 5), None) == told["day"]
        assert (100, 0, 100, Decimal("0.00"), Decimal("24.75")) == told["cost"][:5]
        assert (0, 100, 0, None, None, None) == told["meta"]

    def test_of_named_attributes_tells_what_is_frequent(self, Trial, statements):
        """The most frequent values of texts, a histogram of numbers; one statement for each."""
        summary = Trial.summary("rank", "latency")

        assert (("low", 70), ("high", 30)) == summary["rank"].frequent
        assert (16, 90) == (len(summary["latency"].histogram), sum(summary["latency"].histogram))
        assert all(5 <= count <= 7 for count in summary["latency"].histogram)
        assert 3 == len(statements)

    def test_of_the_key_and_of_an_attribute_that_is_called_as_its_count(self, Trial):
        """No name of a table is in the way."""
        few = Trial & "n < 3"

        assert ((0, 1), (1, 1), (2, 1)) == few.summary("n")["n"].frequent

    def test_is_of_any_query(self, Trial):
        """Computed attributes too."""
        summary = Trial.proj(double="2 * n").summary("double")

        assert (0, 198, 99.0) == (summary["double"].least, summary["double"].greatest, summary["double"].mean)

    def test_of_no_rows(self, Trial):
        """Nothing is known of nothing."""
        summary = (Trial & False).summary("latency", "rank")

        assert (0, 0, None, ()) == (
            summary.total,
            summary["latency"].known,
            summary["latency"].least,
            summary["rank"].frequent,
        )

    def test_of_large_values_counts_them(self, Trial, statements):
        """What a blob holds is not read."""
        assert (0, 100) == (Trial.summary("note")["note"].known, Trial.summary("note")["note"].missing)
        assert all("DISTINCT" not in sent for sent in statements)

    def test_misspelt_name_is_refused(self, Trial, statements):
        """Before anything is sent."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'latency'"):
            Trial.summary("latensy")

        assert [] == statements


class TestView:
    def test_is_a_line_for_each_attribute(self, Trial):
        """In a notebook and in a terminal."""
        summary = Trial.summary("rank", "latency", "good")
        table = Table(summary._repr_mimebundle_()["text/html"])

        assert ["attribute", "known", "missing", "distinct", "least", "mean", "greatest", "values"] == table.heads
        assert ["rank", "100", "0", "2", "high", "", "low", "low: 70, high: 30"] == table.rows[0]
        assert repr(summary).startswith("Summary of Trial: 100 rows\n")
        assert "▇" in repr(summary)
        assert "rect" in table.tags
