"""The layout of job tables, as DataJoint 2.x declares them."""

from __future__ import annotations

from dataclasses import replace

from djnb.connection import Connection
from djnb.declaration.declare import create, make_spec
from djnb.errors import OperandError
from djnb.model.definition import parse_definition
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
        (*key, *attributes),
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
    """
    if connection.catalogue.table(target.name.job_table) is not None:
        return
    connection.check_outside_transaction(f"The job table of `{target.name.class_name}` cannot be declared")
    create(connection, job_spec(target, connection.dialect), f"the job table of {target.name.class_name}")
