"""What is said to a job table when a user looks at it, and has jobs tried again, passed over or put before others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from djnb.algebra.conditions import Condition
from djnb.sql import dml
from djnb.sql.queue import FRESH, PLAIN, QueueWords
from djnb.sql.statement import Statement, compose, join


def count_states(words: QueueWords, condition: Condition) -> Statement:
    """Return the SELECT of how many jobs are in which state."""
    return compose("SELECT status, count(*) FROM {} WHERE {} GROUP BY status", words.table, words.where(condition))


def group_errors(words: QueueWords, condition: Condition, *, has_hashes: bool) -> Statement:
    """
    Return the SELECT of the latest failed job of each kind: hash, count, first and last time, message, stack, key.

    Jobs whose error nobody has given a hash are grouped by their message, and only of these the stack is selected.
    """
    known = "_error_hash" if has_hashes else "NULL"
    kind = "COALESCE(_error_hash, error_message)" if has_hashes else "error_message"
    names = ", ".join(words.dialect.quote(name) for name in words.key)
    ranked = compose(
        f"SELECT {known} AS _hash, count(*) OVER (PARTITION BY {kind}) AS _count,"
        f" min(completed_time) OVER (PARTITION BY {kind}) AS _first,"
        f" max(completed_time) OVER (PARTITION BY {kind}) AS _last, error_message,"
        f" CASE WHEN {known} IS NULL THEN error_stack END AS _stack, {{}},"
        f" row_number() OVER (PARTITION BY {kind} ORDER BY completed_time DESC, {{}}) AS _rank"
        " FROM {} WHERE status = 'error' AND {}",
        words.key_columns(),
        names,
        words.table,
        words.where(condition),
    )
    return compose(
        "SELECT _hash, _count, _first, _last, error_message, _stack, {} FROM ({}) AS ranked WHERE _rank = 1",
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
