"""The rows that a query keeps, in brief."""

from __future__ import annotations

from uuid import UUID

UUIDS = [UUID(int=number) for number in range(1, 5)]


def ids(query):
    """Return the sessions of a query, in order."""
    return [key["session_id"] for key in query.fetch("KEY")]
