"""One database, DataJoint 0.14.9 and djnb: pipelines of the classic language go on."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.mysql


class TestWrittenByDataJoint:
    """DataJoint 0.14 declares and fills, djnb reads and goes on."""

    def test_rows_of_every_type_are_equal(self, datajoint_0_14, own, name):
        """djnb finds every value, comment and join of a classic pipeline, in blobs too."""
        datajoint_0_14.run("classic.fill", name=name)
        assert datajoint_0_14.run("classic.check", name=name) == []

        assert own.run("classic.check", name=name) == []

    def test_the_definitions_of_a_module_are_those_of_its_tables(self, datajoint_0_14, own, name, recwarn):
        """A classic module declares nothing anew and warns of nothing."""
        datajoint_0_14.run("classic.fill", name=name)

        own.run("classic.declare", name=name, stores=False)

        assert [str(warning.message) for warning in recwarn] == []

    def test_log_is_read(self, datajoint_0_14, own, name):
        """djnb finds the events that DataJoint 0.14 has logged."""
        datajoint_0_14.run("classic.fill", name=name)
        logged = datajoint_0_14.run("classic.events", name=name)

        assert logged[0] == "created"
        assert own.run("classic.events", name=name) == logged

    def test_jobs_are_listed(self, datajoint_0_14, own, name):
        """The schema's one job table is read, and restricted as ever."""
        datajoint_0_14.run("classic.fill", name=name)
        datajoint_0_14.run("classic.populate", name=name, reserve_jobs=True)

        assert own.run("classic.jobs", name=name) == [["__result", "error", "ValueError: bad subject"]]
        assert own.run("classic.results", name=name) == [1.5, 4.5]

    def test_djnb_populates_what_datajoint_declared(self, datajoint_0_14, own, name):
        """djnb computes into a classic table, and DataJoint 0.14 reads it."""
        datajoint_0_14.run("classic.fill", name=name)

        own.run("classic.populate", name=name)

        assert datajoint_0_14.run("classic.results", name=name) == [1.5, 4.5]

    def test_rows_that_djnb_inserts_are_read_by_datajoint(self, datajoint_0_14, own, name):
        """Rows, blobs among them, that djnb writes into classic tables are what DataJoint 0.14 expects."""
        datajoint_0_14.run("classic.declare_only", name=name)

        own.run("classic.fill", name=name)

        assert datajoint_0_14.run("classic.check", name=name) == []
