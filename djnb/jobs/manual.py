"""
Jobs that a user's own program takes and ends, one by one, rather than `populate`.

This process remembers the tokens of what it has taken: a job that was taken away meanwhile it cannot end.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from djnb.connection import Connection
from djnb.errors import LostReservationError, OperandError
from djnb.jobs.job import Job
from djnb.jobs.queue import Queue
from djnb.jobs.retry import error_hash
from djnb.jobs.workers import Worker
from djnb.model.naming import TableName
from djnb.settings import get_config
from djnb.sql.queue import QueueWords
from djnb.sql.statement import Statement
from djnb.sql.values import UnfitError, canonical

_Place = tuple[TableName, tuple[Any, ...]]

_held: WeakKeyDictionary[Connection, dict[_Place, tuple[Worker, Job]]] = WeakKeyDictionary()
_lock = threading.Lock()


def key_of(words: QueueWords, key: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the key of a job, as it would be fetched, of anything that has its attributes.

    Raises
    ------
    OperandError
        It lacks one, or has a value that does not fit.
    """
    heading = words.jobs.heading
    lacking = [name for name in words.key if name not in key]
    if lacking:
        raise OperandError(
            f"The key {dict(key)} lacks {', '.join(map(repr, lacking))}.",
            remedy=f"Give all of the job's key: {', '.join(words.key)}.",
        )
    own = {}
    for name in words.key:
        try:
            own[name] = canonical(key[name], heading[name].type)
        except UnfitError as error:
            raise OperandError(
                f"'{name}' of the key is {key[name]!r}, which {error}.", remedy="Give the key as `jobs.keys()` has it."
            ) from None
    return own


def _place(queue: Queue, key: Mapping[str, Any]) -> _Place:
    return queue.words.jobs.name, tuple(key.values())


def reserve(queue: Queue, key: Mapping[str, Any]) -> bool:
    """Take the job of a key for this process; False if it may not be begun now."""
    own = key_of(queue.words, key)
    worker = Worker.of(queue.connection, queue.target.name.schema)
    job = queue.take(worker, own)
    if job is None:
        return False
    with _lock:
        _held.setdefault(queue.connection, {})[_place(queue, own)] = worker, job
    return True


def complete(queue: Queue, key: Mapping[str, Any], duration: float | None = None) -> None:
    """
    Complete the job of a key that this process has taken, or that nobody has.

    Raises
    ------
    LostReservationError
        Somebody else has it, or it is not there.
    """
    own = key_of(queue.words, key)
    keeps = get_config().jobs.keep_completed
    _end(queue, own, queue.words.succeed(_where(queue, own), duration=duration, keeps=keeps))


def error(queue: Queue, key: Mapping[str, Any], message: str, stack: str | None = None) -> None:
    """
    Note that the job of a key failed which this process has taken, or nobody has.

    Raises
    ------
    LostReservationError
        Somebody else has it, or it is not there.
    """
    own = key_of(queue.words, key)
    values = {**queue.told(message, stack or ""), "_error_hash": error_hash(message, stack or "")}
    _end(queue, own, queue.words.fail(_where(queue, own), values, retry_after=None))


def release(queue: Queue, key: Mapping[str, Any]) -> None:
    """
    Give the job of a key back that this process has taken.

    Raises
    ------
    LostReservationError
        It has not, or not any more.
    """
    own = key_of(queue.words, key)
    job = _taken(queue, own)
    if job is None:
        raise LostReservationError.for_key(queue.target.name.class_name, own)
    _end(queue, own, queue.words.release([job.held]))


def _taken(queue: Queue, key: Mapping[str, Any]) -> Job | None:
    _, job = _held.get(queue.connection, {}).get(_place(queue, key), (None, None))
    return job


def _where(queue: Queue, key: Mapping[str, Any]) -> Statement:
    """Return the condition that it is the job of a key, and this process's or nobody's."""
    job = _taken(queue, key)
    return queue.words.is_free(key) if job is None else queue.words.is_held([job.held])


def _end(queue: Queue, key: Mapping[str, Any], statement: Statement) -> None:
    affected = queue.connection.execute(statement).affected
    with _lock:
        worker, job = _held.get(queue.connection, {}).pop(_place(queue, key), (None, None))
    if worker is not None and job is not None:
        worker.tokens.discard(job.token)
    if affected != 1:
        raise LostReservationError.for_key(queue.target.name.class_name, key)
