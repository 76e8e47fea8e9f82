"""Looking at the jobs of a table, and having some of them tried again, passed over or put before others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from djnb.algebra.conditions import NOTHING, AmongKeys, Condition, Equals, both, either
from djnb.algebra.nodes import Node, Restrict
from djnb.connection import Connection
from djnb.errors import RowCountError
from djnb.jobs.manual import key_of
from djnb.jobs.queue import Queue
from djnb.jobs.retry import error_hash
from djnb.jobs.roster import workers_of
from djnb.jobs.states import Status
from djnb.rows.delete import conditions_of
from djnb.rows.fetch import decode_column, decode_rows, fetch_columns, to_dicts
from djnb.settings import get_config
from djnb.sql import triage
from djnb.sql.queue import QueueWords
from djnb.sql.statement import Statement, compose
from djnb.sql.values import encoder

_LISTED = 500
"""How many messages one statement names."""


@dataclass(frozen=True)
class ErrorGroup:
    """
    Failed jobs whose errors are of one kind.

    Attributes
    ----------
    signature : str
        What the errors have in common, 16 hexadecimal digits; ``retry(signature=...)`` takes it.
    count : int
        How many jobs.
    first_seen, last_seen : datetime or None
        When the first and the last of them failed, by the server's clock and in its zone.
    key : dict
        The job that failed last.
    message : str
        Its error.
    """

    signature: str
    count: int
    first_seen: datetime | None
    last_seen: datetime | None
    key: Mapping[str, Any]
    message: str


def progress(connection: Connection, words: QueueWords, node: Node) -> dict[str, int]:
    """Return how many jobs are in which state, and in all, in one statement."""
    counts = dict.fromkeys((status.value for status in Status), 0)
    for condition in conditions_of(connection, words.jobs, node):
        for status, count in connection.execute(triage.count_states(words, condition)).rows:
            counts[status] = counts.get(status, 0) + int(count)
    return {**counts, "total": sum(counts.values())}


def errors_by_signature(connection: Connection, words: QueueWords, node: Node) -> list[ErrorGroup]:
    """Return the failed jobs in groups of one kind of error each, the largest first."""
    groups: dict[str, ErrorGroup] = {}
    for found, _ in _kinds(connection, words, node):
        there = groups.get(found.signature)
        groups[found.signature] = found if there is None else _merged(there, found)
    return sorted(groups.values(), key=lambda group: (-group.count, group.signature))


def _kinds(connection: Connection, words: QueueWords, node: Node) -> Iterator[tuple[ErrorGroup, bool]]:
    """Yield the kinds of errors as the database tells them apart, and whether it knows them by a hash."""
    has_hashes = any(attribute.name == "_error_hash" for attribute in words.jobs.stored.hidden)
    for condition in conditions_of(connection, words.jobs, node):
        if not has_hashes:
            yield from ((group, False) for group in _unhashed(connection, words, condition, has_hashes=False))
            continue
        kinds = connection.execute(triage.count_errors(words, condition)).rows
        yield from ((group, True) for group in _hashed(connection, words, condition, [k for k in kinds if k[0]]))
        if any(not known for known, *_ in kinds):
            yield from ((group, False) for group in _unhashed(connection, words, condition, has_hashes=True))


def _hashed(
    connection: Connection, words: QueueWords, condition: Condition, kinds: Sequence[tuple[Any, ...]]
) -> Iterator[ErrorGroup]:
    ended = words.jobs.heading["completed_time"]
    times = [decode_column([kind[place] for kind in kinds], ended, connection.dialect) for place in (2, 3)]
    for start in range(0, len(kinds), _LISTED):
        some = kinds[start : start + _LISTED]
        asked = triage.latest_errors(words, condition, [(known, last) for known, _, _, last in some])
        rows = connection.execute(asked).rows
        firsts = {known: place for place, (known, *_) in reversed(list(enumerate(rows)))}
        chosen = [rows[place] for place in firsts.values()]
        latest = to_dicts(
            decode_rows(connection, [row[1:] for row in chosen], ("error_message", *words.key), words.jobs)
        )
        shown = dict(zip(firsts, latest, strict=True))
        for (known, count, *_), first, last in zip(
            some, *(each[start : start + _LISTED] for each in times), strict=True
        ):
            if known in shown:  # else it was retried meanwhile
                job = dict(shown[known])
                yield ErrorGroup(known, int(count), first, last, job, job.pop("error_message"))


def _unhashed(
    connection: Connection, words: QueueWords, condition: Condition, *, has_hashes: bool
) -> Iterator[ErrorGroup]:
    names = ("completed_time", "error_message", "error_stack", *words.key)
    ended = words.jobs.heading["completed_time"]
    rows = connection.execute(triage.group_messages(words, condition, has_hashes=has_hashes)).rows
    latest = to_dicts(decode_rows(connection, [row[2:] for row in rows], names, words.jobs))
    first = decode_column([row[1] for row in rows], ended, connection.dialect)
    for (count, *_), begun, shown in zip(rows, first, latest, strict=True):
        message = shown["error_message"]
        signature = error_hash(message, shown["error_stack"] or "")
        key = {name: shown[name] for name in words.key}
        yield ErrorGroup(signature, int(count), begun, shown["completed_time"], key, message)


def _merged(one: ErrorGroup, other: ErrorGroup) -> ErrorGroup:
    """Return two groups as one; a job whose time nobody has noted is taken for the oldest."""
    latest = max(one, other, key=lambda group: (group.last_seen is not None, group.last_seen))
    begun = [seen for seen in (one.first_seen, other.first_seen) if seen is not None]
    return replace(latest, count=one.count + other.count, first_seen=min(begun, default=None))


def stack(connection: Connection, words: QueueWords, key: Mapping[str, Any]) -> str:
    """
    Return the traceback of a job that failed; empty if it has none.

    Raises
    ------
    RowCountError
        There is no job of the key.
    """
    own = key_of(words, key)
    node = Restrict(words.jobs, both(Equals(name, value) for name, value in own.items()))
    found = fetch_columns(connection, node, ("error_stack",), purpose="internal")["error_stack"]
    if not found:
        raise RowCountError(
            f"There is no job in {words.jobs.name} for the key {own}.", remedy="`jobs.errors` has those that failed."
        )
    return str(found[0] or "")


def retry(
    queue: Queue,
    node: Node,
    *,
    signature: str | None = None,
    status: Status = Status.ERROR,
    priority: int | None = None,
    delay: float = 0.0,
) -> int:
    """Have failed jobs, or ignored ones, tried again as if they were new, and return how many."""
    connection, words = queue.connection, queue.words
    kinds = [Statement("1 = 1")] if signature is None else list(_said(queue, node, signature))
    changed = 0
    for condition in conditions_of(connection, words.jobs, node):
        for kind in kinds:
            where = compose("{} AND {}", words.where(condition), kind)
            said = triage.retry(words, where, status=status.value, priority=priority, delay=delay)
            changed += connection.execute(said).affected
    return changed


def _said(queue: Queue, node: Node, signature: str) -> Iterator[Statement]:
    """Yield conditions that a job's error is of a kind, which only a hash tells, or the messages of that kind."""
    yield compose("_error_hash = {}", queue.words.value(signature))
    kinds = _kinds(queue.connection, queue.words, node)
    messages = [kind.message for kind, is_known in kinds if not is_known and kind.signature == signature]
    for start in range(0, len(messages), _LISTED):
        yield triage.has_message(queue.words, messages[start : start + _LISTED])


def prioritize(queue: Queue, node: Node, priority: int) -> int:
    """Give jobs that are not done a priority, and return how many have another one now."""
    return _change(queue, node, lambda where: triage.prioritize(queue.words, where, priority=priority))


def ignore(queue: Queue, node: Node) -> int:
    """Have jobs passed over, and return how many were not before."""
    return _change(queue, node, lambda where: triage.ignore(queue.words, where))


def _change(queue: Queue, node: Node, say: Callable[[Statement], Statement]) -> int:
    conditions: list[Condition] = conditions_of(queue.connection, queue.words.jobs, node)
    return sum(queue.connection.execute(say(queue.words.where(c))).affected for c in conditions)


def of_kind(connection: Connection, words: QueueWords, node: Node, signature: str) -> Condition:
    """Return the condition that a job has failed with an error of a kind, after a statement."""
    has_hashes = any(attribute.name == "_error_hash" for attribute in words.jobs.stored.hidden)
    alike: list[Condition] = [Equals("_error_hash", signature)] if has_hashes else []
    messages: list[tuple[str, ...]] = []
    for condition in conditions_of(connection, words.jobs, node):
        unhashed = _unhashed(connection, words, condition, has_hashes=has_hashes)
        messages += [(group.message,) for group in unhashed if group.signature == signature]
    if messages:
        same = AmongKeys(("error_message",), tuple(messages))
        alike.append(both([Equals("_error_hash", None), same]) if has_hashes else same)
    return both([Equals("status", Status.ERROR.value), either(alike)])


def stale(queue: Queue, node: Node, *, older_than: float | None) -> Condition:
    """Return the condition that a job is one of those that are stale now, after some statements; see `JobTable`."""
    found: list[tuple[Any, ...]] = []
    words = queue.words
    for where in _stale(queue, node, older_than=older_than):
        rows = queue.connection.execute(triage.stale_keys(words, where)).rows
        columns = decode_rows(queue.connection, rows, words.key, words.jobs)
        found += zip(*columns.values(), strict=True)
    return AmongKeys(words.key, tuple(found)) if found else NOTHING


def release_stale(queue: Queue, node: Node, *, older_than: float | None) -> int:
    """Have jobs wait again whose workers are dead, and return how many."""
    said = [triage.release(queue.words, where) for where in _stale(queue, node, older_than=older_than)]
    return sum(queue.connection.execute(statement).affected for statement in said)


def _stale(queue: Queue, node: Node, *, older_than: float | None) -> Iterator[Statement]:
    connection, words = queue.connection, queue.words
    at_work = workers_of(connection, words.jobs.name.schema, table=words.jobs.name)
    dead = [worker.worker for worker in at_work if worker.state == "dead"]
    is_stale = triage.is_stale(words, dead, older_than)
    for condition in conditions_of(connection, words.jobs, node):
        yield compose("{} AND {}", is_stale, words.where(condition))


def ignore_key(queue: Queue, key: Mapping[str, Any]) -> None:
    """Have the job of a key passed over, whether it is there or not."""
    own = key_of(queue.words, key)
    heading = queue.words.jobs.heading
    encoded = [encoder(heading[name].type, queue.connection.dialect)(value) for name, value in own.items()]
    priority = get_config().jobs.default_priority
    queue.connection.execute(triage.ignore_key(queue.words, own, encoded, priority=priority))
