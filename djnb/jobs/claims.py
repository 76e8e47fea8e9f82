"""Taking the jobs of one table: those that come first, by whoever is fastest, in as few statements as may be."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.errors import LostConnectionError, LostReservationError, MissingTableError
from djnb.jobs import points
from djnb.jobs.insist import insist
from djnb.jobs.job import Candidate, Holder, Job
from djnb.jobs.registry import host_name, user_of
from djnb.jobs.version import code_version
from djnb.jobs.window import Window, candidates_of, keys_of
from djnb.model.naming import TableName
from djnb.sql.queue import QueueWords

T = TypeVar("T")

_STAGE_SECONDS = 5.0
"""How often a busy worker looks for failed jobs that are due."""

_DOUBTFUL = 8
"""After so many jobs that it could not take, a worker asks whether it is one still."""


class Claims:
    """
    What one worker's loop takes of a job table.

    Parameters
    ----------
    connection : Connection
        Where it is.
    words : QueueWords
        Its statements.
    registry : TableName
        Of the workers who may take jobs.
    stage : callable
        Makes failed jobs pending that are due, and returns how many.
    """

    def __init__(
        self, connection: Connection, words: QueueWords, registry: TableName, *, stage: Callable[[], int]
    ) -> None:
        self.connection = connection
        self.words = words
        self._registry_name = registry
        self._stage_jobs = stage
        self._window: Window | None = None
        self._is_dry = False
        self._staged_at = time.monotonic()

    def look_again(self) -> None:
        """Forget which jobs could be begun."""
        self._window = None

    def claim(self, worker: Holder, *, among: Node | None, priority: int | None, count: int) -> list[Job]:
        """Take jobs that may be begun now; see ``Queue.claim``."""
        if self._window is None or self._window.asked != (among, priority):
            self._window = Window(self.connection, self.words, among, priority)
        if among is None and self.connection.dialect.takes_at_once:
            return self._take_first(worker, self._window, priority, count)
        misses = 0
        while True:
            if self._window.is_worn and not self._look(self._window):
                return []
            points.reach("after_window")
            taken = self._take(worker, self._window.choose(count))
            if taken:
                points.reach("after_claim")
                return taken
            self._window.miss()
            misses += 1
            if misses % _DOUBTFUL == 0:
                self._check_registered(worker)

    def _look(self, window: Window) -> bool:
        """Look for candidates, now and then after giving failed jobs that are due a further chance."""
        if time.monotonic() - self._staged_at > _STAGE_SECONDS:
            self._stage()
        return window.look() or (self._stage() > 0 and window.look())

    def _stage(self) -> int:
        self._staged_at = time.monotonic()
        return self._stage_jobs()

    def _take_first(self, worker: Holder, window: Window, priority: int | None, count: int) -> list[Job]:
        """Take the jobs that come first, in one statement; where there were none, look for some without the lock."""
        if self._is_dry and not self._look(window):
            return []
        if time.monotonic() - self._staged_at > _STAGE_SECONDS:
            self._stage()
        points.reach("after_window")
        for is_suspect in (False, True, False):
            size = 1 if is_suspect else count
            jobs = self._with_token(worker, partial(self._take_first_with, worker, priority, is_suspect, size))
            self._is_dry = not jobs
            if jobs:
                points.reach("after_claim")
                return jobs
            if is_suspect:
                self._check_registered(worker)
                if not self._stage():
                    break
        return []

    def _take_first_with(
        self, worker: Holder, priority: int | None, is_suspect: bool, size: int, token: int
    ) -> list[Job]:
        said = self.words.take_first(
            {"_worker": worker.id, "_token": token, **self._who()},
            registry=self._registry(),
            priority=priority,
            is_suspect=is_suspect,
            limit=size,
        )
        rows = self._of_worker(worker, lambda: insist(self.connection, said)).rows
        return [
            Job(candidate.key, token, candidate.attempts, candidate.deaths)
            for candidate in candidates_of(self.connection, self.words, rows)
        ]

    def take(self, worker: Holder, key: Mapping[str, Any]) -> Job | None:
        """Take the job of one key if it may be begun now, in two statements; None if it may not."""
        seen = self.connection.execute(self.words.attempts(key)).rows
        if not seen:
            return None
        own = {name: key[name] for name in self.words.key}
        taken = self._take(worker, [Candidate(own, int(seen[0][0]), int(seen[0][1]))])
        return taken[0] if taken else None

    def _take(self, worker: Holder, chosen: Sequence[Candidate]) -> list[Job]:
        return self._with_token(worker, lambda token: self._take_with(token, worker, chosen))

    def _with_token(self, worker: Holder, take: Callable[[int], list[Job]]) -> list[Job]:
        token = secrets.randbits(62) | 1
        worker.tokens.add(token)
        jobs: list[Job] = []
        try:
            jobs = take(token)
        finally:
            if not jobs:
                worker.tokens.discard(token)
        return jobs

    def _take_with(self, token: int, worker: Holder, chosen: Sequence[Candidate]) -> list[Job]:
        changes = {"_worker": worker.id, "_token": token, **self._who()}
        seen = [(candidate.key, candidate.attempts) for candidate in chosen]
        said = self.words.take(seen, changes, registry=self._registry())
        try:
            count = self._of_worker(worker, lambda: insist(self.connection, said)).affected
        except LostConnectionError:
            count = -1  # it may have been carried out
        if count == len(chosen):
            return [Job(c.key, token, c.attempts + 1, c.deaths) for c in chosen]
        if count == 0:
            return []
        rows = self.connection.execute(self.words.taken(worker.id, token)).rows
        return [Job(key, token, int(row[-2]), int(row[-1])) for key, row in keys_of(self.connection, self.words, rows)]

    def _of_worker(self, worker: Holder, take: Callable[[], T]) -> T:
        """Take jobs; a registry that somebody has dropped knows no worker any more."""
        is_registered = self._registry() is not None
        try:
            return take()
        except MissingTableError as error:
            self.connection.catalogue.forget(self._registry_name.schema)
            if is_registered and self._registry() is None:
                raise LostReservationError.for_worker(worker.id) from error
            raise

    def _check_registered(self, worker: Holder) -> None:
        registry = self._registry()
        if registry is not None and not self.connection.execute(self.words.is_registered(worker.id, registry)).rows:
            raise LostReservationError.for_worker(worker.id)

    def _registry(self) -> str | None:
        is_there = self.connection.catalogue.table(self._registry_name) is not None
        return self.connection.dialect.table(self._registry_name) if is_there else None

    def _who(self) -> dict[str, Any]:
        return {
            "user": user_of(self.connection),
            "host": host_name(),
            "pid": os.getpid(),
            "connection_id": self.connection.connection_id,
            "version": code_version(),
        }
