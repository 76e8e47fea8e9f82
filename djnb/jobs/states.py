"""
The states of a job, and what moves it from one to the next.

::

               refresh              claim                       fence, in the transaction of the rows
    (no job) ─────────► pending ──────────────► reserved ───────────────────────────► success, or no job
                         ▲ ▲ ▲                   │ │ │ │
                         │ │ └── release ────────┘ │ │ └── ignore ──► ignore ──┐
                         │ └──── worker died ──────┘ │                         │
                         │                           ▼                         │
                         ├────── stage, when due ── error ─── ignore ──► ignore│
                         └────── retry, by a user ◄──────────────────────────────┘

``pending`` means that it can be begun from ``scheduled_time`` on. A failed job that is to be tried again is in
``error`` until ``_retry_time``. Nothing leaves ``reserved`` but by the token with which it was reserved, by the death
of the worker that holds it, or because a user says so.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a job is."""

    PENDING = "pending"
    """It waits for a worker, which takes it from its scheduled time on."""

    RESERVED = "reserved"
    """A worker has taken it; that worker ends it, or whoever finds the worker dead."""

    SUCCESS = "success"
    """Its row is there; only with ``jobs.keep_completed`` it stays. A refresh moves it on if the row has gone."""

    ERROR = "error"
    """It failed; a user or its policy has it tried again."""

    IGNORE = "ignore"
    """It is passed over; only a user moves it on."""
