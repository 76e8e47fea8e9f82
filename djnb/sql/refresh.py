"""What is said to a job table to bring it up to date with the keys that the table of the jobs should have."""

from __future__ import annotations

from typing import NamedTuple

from djnb.algebra.conditions import Fails, Matches, both, either
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.sql.compiler import Compiler
from djnb.sql.parts import listed
from djnb.sql.queue import FRESH, QueueWords
from djnb.sql.select import select_rows
from djnb.sql.statement import Statement, compose, join


class Survey(NamedTuple):
    """
    What there is to do, as numbers of jobs and of keys that a table should have.

    Attributes
    ----------
    jobs : int
        All jobs, counted up to the number from which on the others are found out.
    going : int
        Jobs in the states that they go from when their key is not wanted any more.
    wanted : int
        Those of them whose key is wanted.
    missing : int
        Keys that neither have a job nor are made.
    renewed : int
        Keys that are not made although their job is done.
    made : int
        Keys that are made although their job waits or has failed.
    """

    jobs: int
    going: int
    wanted: int
    missing: int
    renewed: int
    made: int


def survey(words: QueueWords, keys: Node, target: Stored, least: int, *, is_stale_removed: bool) -> Statement:
    """
    Return the SELECT of a `Survey`, which looks once at each key; at none if there are fewer jobs than ``least``.

    Jobs whose key is not wanted are not looked for: they are what is left of all jobs. The keys, the table's and the
    job's must be the same attributes.
    """
    going = "status IN ('success', 'error', 'pending')" if is_stale_removed else "status IN ('success', 'error')"
    names = [words.dialect.quote(name) for name in words.key]
    found = [
        f"j.{going}",
        f"j.{names[0]} IS NULL AND t.{names[0]} IS NULL",
        f"j.status = 'success' AND t.{names[0]} IS NULL",
        f"j.status IN ('pending', 'error') AND t.{names[0]} IS NOT NULL",
    ]
    sums = ", ".join(f"COALESCE(sum({condition}), 0)" for condition in found)
    select = Compiler(words.dialect).operand(keys)
    wanted = select.statement(listed({name: select.columns[name] for name in words.key}, words.dialect))
    some = compose("(SELECT count(*) FROM (SELECT 1 FROM {}{}) AS n)", words.table, words.dialect.limit(least, 0))

    def agree(alias: str) -> str:
        return " AND ".join(f"{alias}.{name} = k.{name}" for name in names)

    # Joined from the left, the tables are found by their keys. MariaDB would copy them to the disk for NOT EXISTS.
    return compose(
        f"SELECT {{}}, (SELECT count(*) FROM {{}} WHERE {going}), {sums}"
        f" FROM ({{}}) AS k LEFT JOIN {{}} AS j ON {agree('j')} LEFT JOIN {{}} AS t ON {agree('t')}"
        f" WHERE {{}} = {least}",
        some,
        words.table,
        wanted,
        words.table,
        words.dialect.table(target.name),
        some,
    )


def add(
    words: QueueWords, keys: Node, target: Stored, *, delay: float, priority: int, has_jobs: bool = True
) -> Statement:
    """
    Return the INSERT of jobs for the keys that neither have one nor are made.

    Without ``has_jobs``, jobs are not looked for, of which there were none: some that came meanwhile are passed over.
    """
    missing = _missing(keys, target)
    if has_jobs:
        missing = Restrict(missing, Fails(Matches(words.jobs, tuple((name, name) for name in words.key))))
    names = ", ".join(words.dialect.quote(name) for name in words.key)
    return compose(
        "INSERT INTO {} ({}, status, priority, created_time, scheduled_time) "
        "SELECT {}, 'pending', {}, {}, {} FROM ({}) AS {} WHERE 1 = 1 {}",
        words.table,
        names,
        names,
        words.value(priority),
        words.now(),
        words.now(delay),
        select_rows(missing, words.dialect, words.key),
        words.dialect.quote("source"),
        words.dialect.on_duplicate_skip(list(words.key), table=words.table),
    )


def renew(words: QueueWords, keys: Node, target: Stored, *, delay: float, priority: int) -> Statement:
    """Return what makes successes pending of which the table has no row any more, or lacks one of several."""
    if _is_for_several(words, keys):
        gone = words.agrees(_missing(keys, target))
    else:
        gone = both([Fails(words.agrees(target)), words.agrees(keys)])
    changes = _pending(words, delay=delay, priority=priority)
    return words.update(changes, compose("status = 'success' AND {}", words.where(gone)))


def remove(words: QueueWords, keys: Node, target: Stored, *, stale_timeout: float, is_exact: bool) -> Statement:
    """
    Return the DELETE of jobs whose key is not wanted any more; what is reserved or ignored stays.

    Successes and errors whose key is neither wanted nor made go at once, others after the timeout in seconds, 0 for
    never. ``is_exact``: a job is for one row, so that what is pending or failed goes when the row is there; one for
    several keys goes when they are all there.
    """
    vanished, made = Fails(words.agrees(keys)), words.agrees(target)
    cases = [compose("(status IN ('success', 'error') AND {})", words.where(both([Fails(made), vanished])))]
    if stale_timeout:
        old = compose("created_time < {}", words.now(-stale_timeout))
        waits = "status IN ('pending', 'success', 'error')"
        cases.append(compose("({} AND {} AND {})", waits, old, words.where(vanished)))
    if is_exact:
        cases.append(compose("(status IN ('pending', 'error') AND {})", words.where(either([made]))))
    elif _is_for_several(words, keys):
        done = both([made, Fails(words.agrees(_missing(keys, target)))])
        cases.append(compose("(status IN ('pending', 'error') AND {})", words.where(done)))
    return compose("DELETE FROM {} WHERE {}", words.table, join(" OR ", cases))


def rescue(words: QueueWords, *, older_than: float, priority: int) -> Statement:
    """Return what takes jobs away from whoever holds them for longer than so many seconds."""
    old = compose("reserved_time < {}", words.now(-older_than))
    changes = _pending(words, delay=0.0, priority=priority)
    return words.update(changes, compose("status = 'reserved' AND {}", old))


def _is_for_several(words: QueueWords, keys: Node) -> bool:
    """Tell whether a job stands for several keys: they are finer than what it is named by."""
    return not set(keys.heading.names) <= set(words.key)


def _missing(keys: Node, target: Stored) -> Node:
    """Return the keys of which the table has no row."""
    return Restrict(keys, Fails(Matches(target, tuple((name, name) for name in keys.heading.primary_key))))


def _pending(words: QueueWords, *, delay: float, priority: int) -> dict[str, Statement | str]:
    return {
        "status": "'pending'",
        "priority": words.value(priority),
        "created_time": words.now(),
        "scheduled_time": words.now(delay),
        "reserved_time": "NULL",
        "completed_time": "NULL",
        "duration": "NULL",
        **FRESH,
    }
