"""One database, DataJoint 2.3.5 and djnb: each opens what the other declared and filled."""

from __future__ import annotations

import pytest

from tests.interop.layouts import declare_again, layout

pytestmark = [pytest.mark.mysql, pytest.mark.filterwarnings("ignore::djnb.query.SemanticWarning")]


class TestWrittenByDataJoint:
    """DataJoint declares and fills, djnb reads."""

    def test_rows_of_every_type_keys_and_joins_are_equal(self, datajoint_2, own, name):
        """djnb finds every value, comment, key and join as it was declared."""
        datajoint_2.run("current.fill", name=name)
        assert datajoint_2.run("current.check", name=name) == []

        assert own.run("current.check", name=name) == []

    def test_the_definitions_of_a_module_are_those_of_its_tables(self, datajoint_2, own, name, recwarn):
        """A module that was written for DataJoint declares nothing anew and warns of nothing."""
        datajoint_2.run("current.fill", name=name)

        own.run("current.declare", name=name)

        assert [str(warning.message) for warning in recwarn] == []

    def test_code_declares_tables_that_are_laid_out_alike(self, datajoint_2, own, name, other_name, statement):
        """What djnb writes of DataJoint's tables is their definitions: declared anew, they are the same tables."""
        datajoint_2.run("current.fill", name=name)

        declare_again(name, other_name)

        assert layout(statement, name) == layout(statement, other_name)

    def test_jobs_are_listed(self, datajoint_2, own, name):
        """The job table that DataJoint made is read, with the message of the error."""
        datajoint_2.run("current.fill", name=name)
        datajoint_2.run("current.populate", name=name, reserve_jobs=True)

        assert own.run("current.jobs", name=name) == [[2, 1, "error", "ValueError: bad subject"]]
        assert own.run("current.check_results", name=name) == []

    def test_djnb_populates_what_datajoint_declared(self, datajoint_2, own, name):
        """djnb fills a computed table and its part; DataJoint reads the results."""
        datajoint_2.run("current.fill", name=name)

        assert own.run("current.populate", name=name, reserve_jobs=False) == 1

        assert datajoint_2.run("current.check_results", name=name) == []


class TestWrittenByDjnb:
    """djnb declares and fills, DataJoint reads."""

    def test_rows_of_every_type_keys_and_joins_are_equal(self, datajoint_2, own, name):
        """DataJoint finds every value, comment, key and join, with its semantic checks."""
        own.run("current.fill", name=name)
        assert own.run("current.check", name=name) == []

        assert datajoint_2.run("current.check", name=name) == []

    def test_tables_are_laid_out_alike(self, datajoint_2, own, name, other_name, statement):
        """The server describes the tables as it describes those that DataJoint declared."""
        own.run("current.fill", name=name)
        own.run("current.declare_jobs", name=name)
        datajoint_2.run("current.fill", name=other_name)
        datajoint_2.run("current.populate", name=other_name, reserve_jobs=True)

        assert layout(statement, name) == layout(statement, other_name)

    def test_datajoint_populates_by_a_job_table_of_djnb(self, datajoint_2, own, name):
        """DataJoint's workers reserve, complete and fail jobs in the table that djnb declared; djnb sees it."""
        own.run("current.fill", name=name)
        own.run("current.declare_jobs", name=name)

        assert datajoint_2.run("current.populate", name=name, reserve_jobs=True) == 1

        assert own.run("current.jobs", name=name) == [[2, 1, "error", "ValueError: bad subject"]]
        assert own.run("current.check_results", name=name) == []
        assert own.run("current.forget_errors", name=name) == 1
        assert datajoint_2.run("current.jobs", name=name) == []
