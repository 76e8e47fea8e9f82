"""
djnb: DataJoint's relational workflow model, native to the notebook.

Declare the tables of a scientific pipeline, populate the computed ones, watch it, and take the results as DataFrames;
in an embedded SQLite file, or on a MySQL or MariaDB server.

>>> import djnb as dj

Names are imported when they are first used, so that ``import djnb`` and ``%load_ext djnb`` take no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from djnb import errors, migrate
    from djnb.algebra.conditions import AndList, Not
    from djnb.algebra.top import Top
    from djnb.codecs.adapter import AttributeAdapter
    from djnb.codecs.blob import MatCell, MatStruct
    from djnb.codecs.npy import NpyRef
    from djnb.codecs.registry import Codec, get_codec, list_codecs
    from djnb.codecs.schema import SchemaCodec
    from djnb.connection import Connection, conn, connect
    from djnb.diagram import Diagram
    from djnb.errors import DataJointError
    from djnb.jobs.retry import Retry
    from djnb.orphans import OrphanPlan, find_orphans
    from djnb.populate.listing import runs
    from djnb.populate.result import PopulateResult, Progress
    from djnb.populate.run import Run
    from djnb.query import Query
    from djnb.rows.upsert import UpsertResult
    from djnb.rows.validate import ValidationResult
    from djnb.schemas import Schema, list_schemas, list_tables
    from djnb.schemas import Schema as schema  # noqa: N813 -- as DataJoint 0.12 to 0.14 spell it
    from djnb.settings import Config
    from djnb.sql.functions import FUNCTIONS as functions  # noqa: N811 -- a table to look at, not a setting
    from djnb.stores.refs import ObjectRef
    from djnb.tables.free import FreeTable
    from djnb.tables.table import Table
    from djnb.tables.tiers import Computed, Imported, Lookup, Manual, Part
    from djnb.universal import U
    from djnb.virtual import VirtualModule, create_virtual_module, virtual_schema

    config: Config
    __version__: str

__all__ = [
    # where
    "connect",
    "conn",
    "Connection",
    "config",
    # declaring
    "Schema",
    "schema",
    "list_schemas",
    "list_tables",
    "VirtualModule",
    "virtual_schema",
    "create_virtual_module",
    "FreeTable",
    "Manual",
    "Lookup",
    "Imported",
    "Computed",
    "Part",
    "Table",
    # asking
    "Query",
    "AndList",
    "Not",
    "Top",
    "U",
    "functions",
    # what became of rows
    "UpsertResult",
    "ValidationResult",
    # drawing
    "Diagram",
    # populating
    "PopulateResult",
    "Retry",
    "Progress",
    "Run",
    "runs",
    # values
    "MatCell",
    "MatStruct",
    "ObjectRef",
    "NpyRef",
    "Codec",
    "SchemaCodec",
    "AttributeAdapter",
    "get_codec",
    "list_codecs",
    # files
    "find_orphans",
    "OrphanPlan",
    # tables of an older layout
    "migrate",
    # what goes wrong
    "DataJointError",
    "errors",
]

_HOMES = {
    "connect": "djnb.connection",
    "conn": "djnb.connection",
    "Connection": "djnb.connection",
    "Schema": "djnb.schemas",
    "list_schemas": "djnb.schemas",
    "list_tables": "djnb.schemas",
    "VirtualModule": "djnb.virtual",
    "virtual_schema": "djnb.virtual",
    "create_virtual_module": "djnb.virtual",
    "FreeTable": "djnb.tables.free",
    "Manual": "djnb.tables.tiers",
    "Lookup": "djnb.tables.tiers",
    "Imported": "djnb.tables.tiers",
    "Computed": "djnb.tables.tiers",
    "Part": "djnb.tables.tiers",
    "Table": "djnb.tables.table",
    "Query": "djnb.query",
    "AndList": "djnb.algebra.conditions",
    "Not": "djnb.algebra.conditions",
    "Top": "djnb.algebra.top",
    "U": "djnb.universal",
    "UpsertResult": "djnb.rows.upsert",
    "ValidationResult": "djnb.rows.validate",
    "Diagram": "djnb.diagram",
    "PopulateResult": "djnb.populate.result",
    "Retry": "djnb.jobs.retry",
    "Progress": "djnb.populate.result",
    "Run": "djnb.populate.run",
    "runs": "djnb.populate.listing",
    "MatCell": "djnb.codecs.blob",
    "MatStruct": "djnb.codecs.blob",
    "ObjectRef": "djnb.stores.refs",
    "NpyRef": "djnb.codecs.npy",
    "Codec": "djnb.codecs.registry",
    "SchemaCodec": "djnb.codecs.schema",
    "AttributeAdapter": "djnb.codecs.adapter",
    "get_codec": "djnb.codecs.registry",
    "list_codecs": "djnb.codecs.registry",
    "find_orphans": "djnb.orphans",
    "OrphanPlan": "djnb.orphans",
    "DataJointError": "djnb.errors",
}


def __getattr__(name: str) -> Any:
    if name == "config":
        return import_module("djnb.settings").get_config()
    if name in ("errors", "migrate"):
        return import_module(f"djnb.{name}")
    if name == "__version__":
        return import_module("importlib.metadata").version("djnb")
    if name == "functions":
        return import_module("djnb.sql.functions").FUNCTIONS
    home = _HOMES.get("Schema" if name == "schema" else name)
    if home is None:
        if name.startswith("_"):
            raise AttributeError(f"module 'djnb' has no attribute '{name}'")
        return import_module("djnb.compat").of_datajoint(name)
    value = getattr(import_module(home), "Schema" if name == "schema" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Load the notebook's face; ``%load_ext djnb`` calls it."""
    import_module("djnb.jupyter.extension").load(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take the notebook's face away; ``%unload_ext djnb`` calls it."""
    import_module("djnb.jupyter.extension").unload(ip)
