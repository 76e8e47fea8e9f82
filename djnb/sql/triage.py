"""What is said to a job table when a user looks at it, and has jobs tried again, passed over or put before others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from djnb.algebra.conditions import Condition
from djnb.sql import dml
from djnb.sql.queue import FRESH, HIDDEN_STATUS, PLAIN, QueueWords
from djnb.sql.statement import Statement, compose, join


def count_states(words: QueueWords, condition: Condition) -> Statement:
    """Return the SELECT of how many jobs are in which state."""
    return compose("SELECT status, count(*) FROM {} WHERE {} GROUP BY status", words.table, words.where(condition))


def count_errors(words: QueueWords, condition: Condition) -> Statement:
    """Return the SELECT of the kinds of errors: hash, count, when the first and the last job failed."""
    return compose(
        "SELECT _error_hash, count(*), min(completed_time), max(completed_time) FROM {}"
        " WHERE status = 'error' AND {} GROUP BY _error_hash",
        words.table,
        words.where(condition),
    )


def latest_errors(words: QueueWords, condition: Condition, kinds: Sequence[tuple[str, Any]]) -> Statement:
    """Return the SELECT of the jobs that failed last, of each kind and its last time: hash, message, key."""
    # Not by a window: MariaDB takes half a minute to put 90 000 jobs in order, with their messages.
    each = [
        compose("(_error_hash = {} AND completed_time IS NULL)", words.value(known))
        if time is None
        else compose("(_error_hash = {} AND completed_time = {})", words.value(known), words.value(time))
        for known, time in kinds
    ]
    return compose(
        "SELECT _error_hash, error_message, {} FROM {} WHERE status = 'error' AND {} AND ({}) ORDER BY {}",
        words.key_columns(),
        words.table,
        words.where(condition),
        join(" OR ", each),
        # Those that failed in one millisecond come as they are begun, the last one first.
        ", ".join(f"{words.dialect.quote(name)} DESC" for name in words.key),
    )


def group_messages(words: QueueWords, condition: Condition, *, has_hashes: bool) -> Statement:
    """
    Return the SELECT of the kinds of errors that have no hash, by their messages.

    Of each: count, first and last time, message, and the stack and the key of the job that failed last.
    """
    names = ", ".join(words.dialect.quote(name) for name in words.key)
    ranked = compose(
        "SELECT count(*) OVER (PARTITION BY error_message) AS _count,"
        " min(completed_time) OVER (PARTITION BY error_message) AS _first,"
        " max(completed_time) OVER (PARTITION BY error_message) AS _last, error_message, error_stack, {},"
        " row_number() OVER (PARTITION BY error_message ORDER BY completed_time DESC, {}) AS _rank"
        f" FROM {{}} WHERE status = 'error'{' AND _error_hash IS NULL' * has_hashes} AND {{}}",
        words.key_columns(),
        names,
        words.table,
        words.where(condition),
    )
    return compose(
        "SELECT _count, _first, _last, error_message, error_stack, {} FROM ({}) AS ranked WHERE _rank = 1",
        names,
        ranked,
    )


def has_message(words: QueueWords, messages: Sequence[str]) -> Statement:
    """Return the condition that a job's error, which has no hash, has one of these messages."""
    return compose("_error_hash IS NULL AND error_message IN ({})", join(", ", map(words.value, messages)))


def retry(words: QueueWords, where: Statement, *, status: str, priority: int | None, delay: float) -> Statement:
    """Return what makes jobs of a state pending, as if they were new; their priority stays unless one is given."""
    changes: dict[str, Statement | str] = {
        "status": "'pending'",
        "scheduled_time": words.now(delay),
        "reserved_time": "NULL",
        "completed_time": "NULL",
        "duration": "NULL",
        **FRESH,
    }
    if priority is not None:
        changes["priority"] = words.value(priority)
    return words.update(changes, compose("status = {} AND {}", words.value(status), where))


def prioritize(words: QueueWords, where: Statement, *, priority: int) -> Statement:
    """Return what gives jobs a priority that are not done."""
    new = words.value(priority)
    return words.update({"priority": new}, compose("priority <> {} AND status <> 'success' AND {}", new, where))


def ignore(words: QueueWords, where: Statement) -> Statement:
    """Return what has jobs passed over; who holds one of them cannot complete it any more."""
    changes = {"status": "'ignore'", "_retry_time": "NULL", **PLAIN}
    return words.update(changes, compose("status <> 'ignore' AND {}", where))


def ignore_key(words: QueueWords, key: Mapping[str, Any], encoded: Sequence[Any], *, priority: int) -> Statement:
    """Return what has the job of a key passed over, whether it is there or not."""
    changed = ["status", "_worker", "_token", "_retry_time"]
    sql = dml.insert(
        words.jobs.name,
        [*words.key, "priority", *changed],
        words.dialect,
        key=list(words.key),
        others=changed,
        on_duplicate="replace",
    )
    return Statement(sql, (*encoded, priority, "ignore", 0, 0, None))


# -- what nobody is at any more


def is_stale(words: QueueWords, dead: Sequence[int], older_than: float | None) -> Statement:
    """Return the condition that a job is reserved, by a worker that is dead or for longer than so many seconds."""
    which = [compose("_worker = {}", words.value(worker)) for worker in dead]
    if older_than is not None:
        which.append(compose("reserved_time < {}", words.now(-older_than)))
    return compose("status = 'reserved' AND ({})", join(" OR ", which or [Statement("1 = 0")]))


def stale_keys(words: QueueWords, where: Statement) -> Statement:
    """Return the SELECT of the keys of jobs."""
    return compose("SELECT {} FROM {} WHERE {}", words.key_columns(), words.table, where)


def release(words: QueueWords, where: Statement) -> Statement:
    """Return what takes reserved jobs from whoever holds them; they may be begun again at once."""
    changes: dict[str, Statement | str] = {
        "status": "'pending'",
        "scheduled_time": words.now(),
        "reserved_time": "NULL",
        **PLAIN,
    }
    return words.update(changes, where)


# -- undoing


def look_at_all(words: QueueWords, condition: Condition, names: Sequence[str], *, limit: int) -> Statement:
    """Return the SELECT of columns as they are stored, hidden ones among them, of so many jobs at most."""
    stored = words.jobs.stored
    known = {attribute.name: attribute for attribute in (*stored.visible, *stored.hidden)}
    columns = [words.dialect.output(Statement(words.dialect.quote(name)), known[name]) for name in names]
    return compose(
        "SELECT {} FROM {} WHERE {}{}",
        join(", ", columns),
        words.table,
        words.where(condition),
        words.dialect.limit(limit, 0),
    )


def restore(words: QueueWords, job: Mapping[str, Any]) -> Statement:
    """Return what makes a job what it was, unless a worker has begun it since."""
    key = [compose("{} = {}", words.dialect.quote(name), words.value(job[name])) for name in words.key]
    begun = words.value(job["reserved_time"])
    is_as_it_was = (
        "reserved_time IS NULL"
        if job["reserved_time"] is None
        else compose("(reserved_time IS NULL OR reserved_time = {})", begun)
    )
    where = compose(
        f"{HIDDEN_STATUS} NOT IN ('reserved', 'success') AND {{}} AND {{}}", is_as_it_was, join(" AND ", key)
    )
    changes = {name: words.value(value) for name, value in _free(job).items() if name not in words.key}
    return words.update(changes, where)


def put_back(words: QueueWords, job: Mapping[str, Any]) -> Statement:
    """Return the INSERT of a job that has gone; one that is there stays."""
    values = _free(job)
    names = list(values)
    others = [name for name in names if name not in words.key]
    sql = dml.insert(words.jobs.name, names, words.dialect, key=list(words.key), others=others, on_duplicate="skip")
    return Statement(sql, tuple(values.values()))


def _free(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job as it is where nobody holds it."""
    held = {"status": "pending", "_worker": 0, "_token": 0} if job["status"] == "reserved" else {}
    return {**job, **held}
