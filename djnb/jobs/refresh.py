"""
Bringing jobs up to date with the keys that the table should have.

Each step is one statement, for any number of keys. None of them takes a job from who holds it, unless that is asked.
Where there are many jobs, one statement more looks first at what there is to do; mostly nothing is, and no row is
locked, nor does anybody wait for a turn.
"""

from __future__ import annotations

from djnb.algebra.nodes import Node, Project, Stored
from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.settings import get_config
from djnb.sql import refresh as sql
from djnb.sql.queue import QueueWords
from djnb.sql.statement import Statement

_MANY = 10_000
"""From so many jobs on, it is looked first at what there is to do."""


def refresh(
    connection: Connection,
    words: QueueWords,
    target: Stored,
    keys: Node,
    wanted: Node,
    *,
    delay: float,
    priority: int | None,
    stale_timeout: float | None,
    orphan_timeout: float | None,
) -> dict[str, int]:
    """
    Add, renew and remove jobs; see ``Queue.refresh`` for the parameters.

    Raises
    ------
    OperandError
        The keys lack an attribute of the job's key.
    """
    settings = get_config().jobs
    rank = settings.default_priority if priority is None else priority
    stale = settings.stale_timeout if stale_timeout is None else stale_timeout
    keys, wanted = _checked(keys, words, target), _checked(wanted, words, target)
    is_exact = set(words.key) == set(target.heading.primary_key)
    seen = None
    if is_exact and {*wanted.heading.names} == {*wanted.heading.primary_key} == {*words.key}:
        asked = sql.survey(words, wanted, target, _MANY, is_stale_removed=bool(stale))
        seen = sql.Survey(*map(int, connection.execute(asked).rows[0]))
    has_jobs = seen is None or seen.jobs > 0
    steps = {
        "re_pended": sql.renew(words, wanted, target, delay=delay, priority=rank),
        "removed": sql.remove(words, wanted, target, stale_timeout=stale, is_exact=is_exact),
    }
    if orphan_timeout:
        steps["orphaned"] = sql.rescue(words, older_than=orphan_timeout, priority=rank)
    # At the end: what is new needs neither to be renewed nor to be removed, and is not looked at for it.
    steps["added"] = sql.add(words, keys, target, delay=delay, priority=rank, has_jobs=has_jobs)
    needless = _needless(seen) if seen is not None else set()
    steps = {name: step for name, step in steps.items() if name not in needless}
    found = dict.fromkeys(("added", "removed", "orphaned", "re_pended"), 0)
    return {**found, **_carry_out(connection, words, steps)} if steps else found


def _needless(survey: sql.Survey) -> set[str]:
    """Return the steps that there is nothing to do for; where there are few jobs, that is found out by doing them."""
    if survey.jobs < _MANY:
        return set() if survey.jobs else {"re_pended", "removed", "orphaned"}
    needed = {
        "added": survey.missing,
        "re_pended": survey.renewed,
        "removed": survey.made or survey.going > survey.wanted,
    }
    return {name for name, count in needed.items() if not count}


def _carry_out(connection: Connection, words: QueueWords, steps: dict[str, Statement]) -> dict[str, int]:
    """Send the steps when it is this session's turn, and return how many jobs each has changed."""
    lock = words.jobs.name.full
    turn = None if connection.in_transaction else connection.dialect.take_turn(lock)
    sent = list(steps.values())
    if turn is not None:
        ((_, may_relax),) = connection.execute(turn).rows
        relaxed = [Statement(connection.dialect.reads_without_locks)] if may_relax else []
        sent = [item for step in sent for item in (*relaxed, step)] + [connection.dialect.end_turn(lock)]
    answers = dict(zip(sent, connection.execute_together(sent), strict=True))
    return {name: max(0, answers[statement].affected) for name, statement in steps.items()}


def _checked(keys: Node, words: QueueWords, target: Stored) -> Node:
    """Return the keys with what is of the job's key and of the table's."""
    lacking = [name for name in words.key if name not in keys.heading]
    if lacking:
        raise OperandError(
            f"The key source of `{target.label}` lacks {', '.join(map(repr, lacking))}, "
            f"which a job is named by: {', '.join(words.key)}.",
            remedy="Let `key_source` give them, or populate without `reserve_jobs`.",
        )
    names = [name for name in target.heading.primary_key if name in keys.heading]
    return Project(keys, tuple((name, name) for name in names))
