"""What jobs are like at one moment, so that what is done to them afterwards can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.jobs.queue import Queue
from djnb.rows.delete import conditions_of
from djnb.sql import triage
from djnb.sql.queue import QueueWords

MOST = 10_000
"""Of so many jobs at most it is remembered what they are like, with their messages and tracebacks."""

_TOGETHER = 500


class JobSnapshot:
    """
    Some jobs as they were at one moment.

    Nothing of it is in the database: it lasts as long as this process.

    Parameters
    ----------
    connection : Connection
        Where the jobs are.
    words : QueueWords
        Says what is sent.
    rows : list of tuple
        The jobs, as the database holds them, in the order of ``names``.
    names : tuple of str
        The columns.
    """

    def __init__(
        self, connection: Connection, words: QueueWords, rows: list[tuple[Any, ...]], names: tuple[str, ...]
    ) -> None:
        self._connection, self._words, self._rows, self._names = connection, words, rows, names

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<JobSnapshot of {len(self)} jobs of {self._words.jobs.name}>"

    def restore(self, *, deleted: bool = False) -> int:
        """
        Make the jobs what they were, and return how many.

        A job that a worker has begun since, or completed, stays as it is now. One that was reserved becomes pending:
        who held it cannot complete it any more.

        Parameters
        ----------
        deleted : bool
            Also put back those that are not there any more, as after a delete. Otherwise they have been completed.
        """
        with self._connection.atomic():
            return sum(self._restored(deleted=deleted))

    def _restored(self, *, deleted: bool) -> Iterator[int]:
        jobs = [dict(zip(self._names, row, strict=True)) for row in self._rows]
        for start in range(0, len(jobs), _TOGETHER):
            some = jobs[start : start + _TOGETHER]
            if deleted:
                back = [triage.put_back(self._words, job) for job in some]
                yield sum(max(0, answer.affected) for answer in self._connection.execute_together(back))
            else:
                said = [triage.restore(self._words, job) for job in some]
                yield sum(max(0, answer.affected) for answer in self._connection.execute_together(said))


def take(queue: Queue, node: Node) -> JobSnapshot:
    """
    Return what jobs are like now.

    Raises
    ------
    OperandError
        They are more than 10 000.
    """
    connection, words = queue.connection, queue.words
    names = (*words.jobs.heading.names, *(attribute.name for attribute in words.jobs.stored.hidden))
    rows: list[tuple[Any, ...]] = []
    for condition in conditions_of(connection, words.jobs, node):
        asked = triage.look_at_all(words, condition, names, limit=MOST + 1 - len(rows))
        rows += connection.execute(asked).rows
        if len(rows) > MOST:
            raise OperandError(
                f"What more than {MOST:,} jobs are like is not remembered.".replace(",", " "),
                remedy="Restrict the jobs.",
            )
    return JobSnapshot(connection, words, rows, names)
