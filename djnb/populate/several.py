"""
Jobs of several keys.

A job stands for several keys where the key source is finer than the job table: with a table of old whose primary key
has attributes that no foreign key brings. Each key is a transaction of its own, which keeps nothing if the job was
taken away meanwhile; the last one completes the job. If some fail, the others are made all the same, and so is the
rest of a job that was interrupted: whoever begins the job again makes what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from djnb.algebra.conditions import Equals, both
from djnb.algebra.nodes import Restrict
from djnb.errors import LostConnectionError, LostReservationError
from djnb.jobs.fence import JobFence
from djnb.jobs.job import Job
from djnb.jobs.queue import Queue
from djnb.populate.contract import Fence, has_row, make_key
from djnb.populate.drafts import Verdict
from djnb.populate.key_source import missing
from djnb.populate.maker import Maker
from djnb.populate.signals import Guard
from djnb.rows.fetch import fetch_columns, to_dicts
from djnb.sql.statement import Statement

Key = Mapping[str, Any]


def make_several(maker: Maker, queue: Queue, job: Job, guard: Guard) -> Verdict:
    """
    Make the keys that a job is for, and complete it unless something has failed; the verdict has what was raised.

    Raises
    ------
    KeyboardInterrupt
        A signal; the key in hand is undone.
    """
    try:
        return _make_several(maker, queue, job, guard)
    except Exception as error:  # noqa: BLE001 -- the user's make may raise anything; the verdict has it
        return Verdict(error=error)


def _make_several(maker: Maker, queue: Queue, job: Job, guard: Guard) -> Verdict:
    keys, begun, is_made = _keys_of(maker, job), time.monotonic(), False
    failures: list[tuple[Key, Exception]] = []
    for left, key in zip(reversed(range(len(keys))), keys, strict=True):
        fence = KeyFence(maker, queue, job, key) if left or failures else JobFence(queue, job)
        try:
            is_made = _make(maker, key, fence, guard) or is_made
        except LostReservationError:
            raise
        except Exception as error:  # noqa: BLE001 -- likewise
            failures.append((key, error))
            if isinstance(error, LostConnectionError):  # the others would fail of it too, each after a long time
                break
    if failures:
        first, reason = failures[0]
        told = f"{len(failures)} of the {len(keys)} keys of this job failed, first {dict(first)}"
        return Verdict(is_made, reason, told)
    if not keys:  # made meanwhile by somebody who asks no job tables
        fenced = maker.connection.execute(queue.fence(job, duration=time.monotonic() - begun))
        if fenced.affected != 1:
            raise LostReservationError.for_key(maker.table.name.class_name, job.key)
    return Verdict(is_made)


def _make(maker: Maker, key: Key, fence: Fence, guard: Guard) -> bool:
    with guard.interruptible():
        return make_key(maker.table, maker.target, key, maker.make_kwargs, fence=fence)


def _keys_of(maker: Maker, job: Job) -> list[dict[str, Any]]:
    """Return the keys that a job is for, as far as they are missing."""
    condition = both(Equals(name, value) for name, value in job.key.items() if name in maker.keys.heading)
    finer = missing(Restrict(maker.keys, condition), maker.target)
    return to_dicts(fetch_columns(maker.connection, finer, finer.heading.names, purpose="internal"))


@dataclass(frozen=True)
class KeyFence:
    """What keeps the rows of one of a job's keys from being inserted once the job is somebody else's."""

    maker: Maker
    queue: Queue
    job: Job
    key: Key

    def statement(self, duration: float) -> Statement:
        """Return what notes how long the key has taken; it changes one row, or none if the job is lost."""
        words = self.queue.words
        return words.update({"duration": words.value(duration)}, words.is_held([self.job.held]))

    def was_completed(self) -> bool | None:
        """Tell, after a lost COMMIT, whether the key is there; None if somebody else has its job by now."""
        rows = self.maker.connection.execute(self.queue.words.look_at(self.job.key)).rows
        if not rows or int(rows[0][1]) != self.job.token:
            return None
        return has_row(self.maker.connection, self.maker.target, self.key)
