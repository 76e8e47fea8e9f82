"""The benchmarks run; how fast anything is, is no test's business."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.benchmarks import lab, workers
from tests.benchmarks.__main__ import of_database, of_the_rest
from tests.benchmarks.databases import MySQL, SQLite
from tests.benchmarks.measure import as_table


class TestQuickRun:
    def test_gives_every_figure_of_a_database(self, database_url):
        """Inserting, fetching and populating are measured on both databases."""
        kind = SQLite if database_url.startswith("sqlite:") else MySQL

        with closing(kind(database_url)) as database:
            figures = list(of_database(database, quick=True))

        by_connectorx = ["fetch 1,000 rows as a DataFrame, by connectorx"] if kind is MySQL else []
        assert [
            "insert 1,000 rows, given as tuples",
            "insert 1,000 rows, given as dicts",
            "fetch 1,000 rows as a DataFrame",
            *by_connectorx,
            "populate 20 trivial keys",
            "refresh 200 jobs",
            "claim 50 jobs one by one beside 200 done ones",
        ] == [figure.task for figure in figures]
        assert all(figure.seconds > 0 and figure.ratio > 0 for figure in figures)

    def test_gives_every_figure_without_a_database(self):
        """Blobs and imports are measured, and all becomes a table."""
        figures = list(of_the_rest(quick=True))

        assert [
            "pack 10 MB of float64, uncompressed",
            "unpack 10 MB of float64",
            "pack 1 MB of float64, compressed",
            "import djnb",
            "%load_ext djnb",
            "draw 30 tables of 1 schema",
            "draw 30 tables of 10 schemas",
        ] == [figure.task for figure in figures]
        assert len(as_table(figures).splitlines()) == 2 + len(figures)

    @pytest.mark.mysql
    def test_gives_the_load_of_a_lab(self, mysql_url):
        """What a thousand workers ask of a server is measured, and becomes a table."""
        loads = lab.loads(mysql_url, quick=True)

        assert list(lab.KINDS) == [load.kind for load in loads]
        assert all(load.round_trips > 0 and load.seconds >= 0 for load in loads)
        assert len(lab.as_table(loads).splitlines()) == 3 + len(loads)

    def test_lets_workers_race(self):
        """The table of the races tells how many keys per second, and what each costs."""
        race = workers.Race(4, 1_000, 2.0, 8.0, 4.0, 4.24, 14.1)

        assert "| 4 | 500/s | 125/s | 4.0 | 4.2 | 14.1 |" == workers.as_table([race]).splitlines()[-1]
