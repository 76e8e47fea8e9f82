"""
The layout of job tables: DataJoint 2.x's columns exactly, and hidden ones beside them.

The hidden ones have defaults, so that DataJoint inserts and updates jobs as if they were not there.
"""

from __future__ import annotations

from dataclasses import replace

from djnb.connection import Connection
from djnb.declaration.declare import create, make_spec
from djnb.declaration.hidden import plan_hidden
from djnb.errors import AccessError, DatabaseError, DefinitionError, OperandError, PlanChangedError
from djnb.jobs.twins import check_twin
from djnb.model.attribute import NULL, Attribute, Default
from djnb.model.core_types import parse_type
from djnb.model.definition import parse_definition
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql.dialect import Dialect

_STATE = """
---
status : enum('pending', 'reserved', 'success', 'error', 'ignore')
priority : int8
created_time = CURRENT_TIMESTAMP : datetime(3)
scheduled_time = CURRENT_TIMESTAMP : datetime(3)
reserved_time = null : datetime(3)
completed_time = null : datetime(3)
duration = null : float64
error_message = "" : varchar(2047)
error_stack = null : <blob>
user = "" : varchar(255)
host = "" : varchar(255)
pid = 0 : int32
connection_id = 0 : int64
version = "" : varchar(64)
index (status, priority, scheduled_time)
"""

LONGEST_MESSAGE = 2047
"""Characters of ``error_message``."""


def _hidden(name: str, kind: str, default: Default, comment: str) -> Attribute:
    return Attribute(name, parse_type(kind), nullable=default == NULL, default=default, comment=comment, is_marked=True)


HIDDEN = (
    _hidden("_worker", "int64", Default("0"), "who holds the job, of ~workers; 0 for DataJoint"),
    _hidden("_token", "int64", Default("0"), "of this reservation; who has another one may not finish it"),
    _hidden("_attempts", "int16", Default("0"), "how often it was begun"),
    _hidden("_deaths", "int8", Default("0"), "how many workers died over it"),
    _hidden("_retry_time", "datetime(3)", NULL, "when a failed job is tried again, UTC"),
    _hidden("_error_hash", "char(16)", NULL, "the same for errors of one kind"),
)
"""
What djnb knows of a job beyond DataJoint. There are no indexes for it: they would slow down adding jobs by half, and
what is looked for is among the jobs that are reserved, of which there are few, or that have failed.
"""


def job_spec(target: TableSpec, dialect: Dialect) -> TableSpec:
    """
    Return the job table that belongs to a table.

    Its primary key holds the attributes of the target's key that come by foreign keys, with the same types and
    without foreign keys of its own: a job may outlive the row that it was for.

    Raises
    ------
    OperandError
        No attribute of the target's key comes by a foreign key, so that there are no keys to be made.
    """
    brought = {name for key in target.foreign_keys if target.is_primary(key) for name in key.names}
    key = tuple(
        replace(attribute, default=None, comment="", is_marked=False)
        for attribute in target.attributes
        if attribute.name in brought and attribute.in_key
    )
    if not key:
        raise OperandError(
            f"`{target.name.class_name}` can have no jobs: no attribute of its primary key comes by a foreign key.",
            remedy="Refer to a parent above `---`: `-> Parent`.",
        )
    name = target.name.job_table
    label = f"the job table of {target.name.class_name}"
    state = make_spec(name, parse_definition(_STATE, table=label), {}, dialect, label=label)
    attributes = tuple(attribute for attribute in state.attributes if not attribute.in_key)
    return TableSpec(
        name,
        f"Job queue for {target.name.full}",
        (*key, *attributes, *HIDDEN),
        tuple(attribute.name for attribute in key),
        indexes=state.indexes,
    )


def declare_jobs(connection: Connection, target: TableSpec) -> None:
    """
    Create the job table of a table if it is not there.

    Raises
    ------
    AccessError
        The user may not create tables there.
    TransactionError
        A transaction is open, which creating a table would end on a server.
    OperandError
        There are no keys to be made, or another table would have its jobs in the same place.
    """
    check_twin(connection, target.name)
    if connection.catalogue.table(target.name.job_table) is not None:
        return
    connection.check_outside_transaction(f"The job table of `{target.name.class_name}` cannot be declared")
    create(connection, job_spec(target, connection.dialect), f"the job table of {target.name.class_name}")


def ensure_jobs(connection: Connection, target: TableSpec) -> TableSpec:
    """
    Return the job table of a table, after creating it or adding the hidden columns that it lacks.

    Raises
    ------
    AccessError
        The user may not create or alter tables there.
    TransactionError
        A transaction is open, which either would end on a server.
    """
    declare_jobs(connection, target)
    name = target.name.job_table
    there = _found(connection, name)
    plan = plan_hidden(connection, there, HIDDEN)
    if not plan.changes:
        return there
    label = f"The job table of `{target.name.class_name}`"
    connection.check_outside_transaction(f"{label} cannot get the columns that it lacks")
    try:
        plan.carry_out()
    except AccessError as error:
        raise error.with_context(f"{label} was declared by DataJoint, and lacks columns that djnb needs.") from error
    except (PlanChangedError, DefinitionError, DatabaseError):
        connection.catalogue.forget(name.schema)
        if plan_hidden(connection, _found(connection, name), HIDDEN).changes:  # else another worker was faster
            raise
    return _found(connection, name)


def _found(connection: Connection, name: TableName) -> TableSpec:
    connection.catalogue.stored(name)  # which looks again, and says that it is missing if it is
    found = connection.catalogue.table(name)
    assert found is not None
    return found
