"""
Marks: what tells whose work it was that jobs are ended, where the one who ended them may never report it.

A task for another machine is given a number, its mark. A job that it ends says so until whoever has given out the task
has taken note; its rows and that note are one transaction. So all that the task has done is known, and nothing else,
however often the task was lost and begun again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from djnb.jobs.insist import again_if_lost, settle
from djnb.jobs.queue import Queue
from djnb.jobs.states import Status
from djnb.rows.fetch import decode_rows, to_dicts
from djnb.settings import get_config

_BITS = 62
"""Random bits of a mark: positive in a column of 64."""

_AT_ONCE = 200
"""How many jobs one statement names."""


@dataclass(frozen=True)
class Ended:
    """
    A job that a task has ended.

    Attributes
    ----------
    key : mapping
        The key.
    is_made : bool
        Whether it is completed; else it has failed.
    duration : float
        Seconds.
    message, stack : str
        The error and its traceback.
    """

    key: Mapping[str, Any]
    is_made: bool
    duration: float
    message: str
    stack: str


def new_mark() -> int:
    """Return a mark that no other task has."""
    return secrets.randbits(_BITS) | 1


def ended_by(queue: Queue, mark: int) -> list[Ended]:
    """Return the jobs that a task has ended, and of which nobody has taken note yet; one statement."""
    words = queue.words
    names = (*words.key, "status", "duration", "error_message", "error_stack")
    rows = again_if_lost(queue.connection, lambda: queue.connection.execute(words.ended(mark)).rows)
    return [
        Ended(
            {name: found[name] for name in words.key},
            found["status"] == Status.SUCCESS.value,
            found["duration"] or 0.0,
            found["error_message"],
            found["error_stack"] or "",
        )
        for found in to_dicts(decode_rows(queue.connection, rows, names, words.jobs))
    ]


def take_note(queue: Queue, mark: int, jobs: Sequence[Ended]) -> None:
    """Let jobs forget who has ended them; those that are completed go, unless the settings say that they are kept."""
    keeps = get_config().jobs.keep_completed
    for first in range(0, len(jobs), _AT_ONCE):
        keys = [job.key for job in jobs[first : first + _AT_ONCE]]
        for statement in queue.words.unmark(mark, keys, keeps=keeps):
            settle(queue.connection, statement)
