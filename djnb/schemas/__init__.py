"""
Schemas: a place in the database, and the decorator that declares table classes there.
"""

from __future__ import annotations

from djnb.schemas.listing import list_schemas, list_tables
from djnb.schemas.schema import Schema

__all__ = ["Schema", "list_schemas", "list_tables"]
