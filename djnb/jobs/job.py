"""A job that could be taken, one that was, and who takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from djnb.sql.queue import Held


@dataclass(eq=False)
class Holder:
    """
    Who holds jobs, as far as a queue knows.

    Attributes
    ----------
    id : int
        What the jobs say in ``_worker``: its number in the registry of the schema.
    tokens : set of int
        Of the reservations that it is at, or is about to make. Whoever is done with one takes it out.
    """

    id: int
    tokens: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Job:
    """
    A job that was taken.

    Attributes
    ----------
    key : dict
        The primary key of the row to be made, as far as parents give it.
    token : int
        Of this reservation; no other one has it.
    attempts : int
        How often it was begun, with this time.
    deaths : int
        How many workers have died over it.
    """

    key: dict[str, Any]
    token: int
    attempts: int = 1
    deaths: int = 0

    @property
    def held(self) -> Held:
        """The reservation, for statements."""
        return Held(self.key, self.token)


@dataclass(frozen=True)
class Candidate:
    """
    A job that could be begun when it was looked at.

    Attributes
    ----------
    key : dict
        The primary key of the row to be made, as far as parents give it.
    attempts, deaths : int
        How often it was begun, and how many workers have died over it.
    priority : int
        Lower is sooner.
    scheduled : object
        From when on it may be begun, as the database stores times.
    """

    key: dict[str, Any]
    attempts: int
    deaths: int
    priority: int = 0
    scheduled: Any = None
