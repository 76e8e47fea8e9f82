"""Hidden metadata of computed rows: DataJoint 2.3.5 and djnb declare and fill the same columns."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.interop.layouts import layout

pytestmark = pytest.mark.mysql


def hidden(statement, schema, table):
    return statement(f"SELECT _job_start_time, _job_duration, _job_version FROM `{schema}`.`{table}` ORDER BY 1, 2")


def test_tables_are_laid_out_alike(datajoint_2, own, name, other_name, statement):
    """The server describes the tables as it describes those that DataJoint declared."""
    own.run("computed.populate", name=name, max_calls=1)
    datajoint_2.run("computed.populate", name=other_name, max_calls=1)

    assert layout(statement, name) == layout(statement, other_name)


def test_each_fills_the_columns_that_the_other_declared(datajoint_2, own, name, other_name, statement):
    """Whoever computes a row, it has a time, a duration and a version."""
    own.run("computed.populate", name=name, max_calls=1)
    datajoint_2.run("computed.populate", name=name, max_calls=1)
    datajoint_2.run("computed.populate", name=other_name, max_calls=1)
    own.run("computed.populate", name=other_name, max_calls=1)

    for schema in (name, other_name):
        for table in ("_trace", "__score"):
            found = hidden(statement, schema, table)
            assert [(datetime, float, ""), (datetime, float, "")] == [
                (type(start), type(duration), version) for start, duration, version in found
            ]


def test_columns_are_added_alike(datajoint_2, own, name, other_name, statement):
    """`add_job_metadata_columns` returns the same numbers and leaves the same tables."""
    own.run("computed.populate", name=name, max_calls=2, add_job_metadata=False)
    datajoint_2.run("computed.populate", name=other_name, max_calls=2, add_job_metadata=False)

    assert own.run("computed.add_columns", name=name) == datajoint_2.run("computed.add_columns", name=other_name)
    assert layout(statement, name) == layout(statement, other_name)
    assert len(hidden(statement, name, "_trace")) == 2
