"""What goes wrong when tables are populated."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from djnb.errors.base import DataJointError, describe

if TYPE_CHECKING:
    from djnb.populate.result import PopulateResult
    from djnb.populate.results import PopulateResults


class KeyFailedError(DataJointError):
    """
    A key was not made; nothing of it was kept.

    Attributes
    ----------
    table : str
        The class being populated.
    key : dict
        The key.
    """

    table: str = ""
    key: Mapping[str, Any] = {}

    _said: ClassVar[str] = ""
    _next: ClassVar[str] = ""

    @classmethod
    def _of(cls, table: str, key: Mapping[str, Any], **facts: str) -> Self:
        """Build the error for one key from what the class says of it and what is to be done next."""
        facts = {"table": table, "key": str(dict(key)), **facts}
        error = cls(cls._said.format(**facts), remedy=cls._next.format(**facts))
        error.table, error.key = table, key
        return error


class MakeError(KeyFailedError):
    """
    ``make()`` raised; nothing of its key was kept.

    The exception of ``make()`` itself is the ``__cause__``.

    Attributes
    ----------
    result : PopulateResult or PopulateResults or None
        What the populate had done up to then.
    """

    result: PopulateResult | PopulateResults | None = None

    _said = "`{table}.make` failed for the key {key}: {cause}."
    _next = (
        "Nothing was inserted for it. Mend the cause and {again}, or go on past such keys with suppress_errors=True."
    )

    @classmethod
    def for_key(cls, table: str, key: Mapping[str, Any], cause: BaseException, *, is_job: bool = False) -> Self:
        """Build the error for one key from the exception of its ``make()``; ``is_job``: its job has the error too."""
        again = f"say `{table}.jobs.retry()` and populate again" if is_job else "populate again"
        return cls._of(table, key, cause=describe(cause).rstrip("."), again=again)


class EmptyMakeError(MakeError):
    """``make()`` returned without inserting a row for its key."""

    _said = "`{table}.make` inserted nothing for the key {key}."
    _next = "Insert a row with `self.insert1(dict(key, ...))`; leave the key out of `key_source` if it must have none."

    @classmethod
    def for_table(cls, table: str, key: Mapping[str, Any]) -> Self:
        """Build the error for one key."""
        return cls._of(table, key)


class LostReservationError(KeyFailedError):
    """A job was taken from its worker while that computed; nothing of its key was kept."""

    _said = "The job of `{table}` for the key {key} is not reserved by this worker any more."
    _next = (
        "Nothing was inserted for it: the worker was taken for dead, or somebody changed the job. "
        "Whoever has the job now makes the key."
    )

    @classmethod
    def for_key(cls, table: str, key: Mapping[str, Any]) -> Self:
        """Build the error for one key."""
        return cls._of(table, key)

    @classmethod
    def for_worker(cls, worker: int) -> Self:
        """Build the error for a worker that asks for a job after it was taken for dead."""
        return cls(
            f"The worker {worker} takes no jobs any more: it was taken for dead, and its jobs were given back.",
            remedy="Register a new one: populate again.",
        )


class WorkerDiedError(KeyFailedError):
    """The process that made a key has died: it was killed, ran out of memory, or crashed in compiled code."""

    _said = "The process that made the key {key} of `{table}` {cause}."
    _next = (
        "Nothing was inserted for it. Look whether it needs more memory than there is, "
        "or crashes in `make` of this key alone."
    )

    @classmethod
    def for_key(cls, table: str, key: Mapping[str, Any], cause: str) -> Self:
        """Build the error for one key from what the process died of, ``was killed by SIGSEGV``."""
        return cls._of(table, key, cause=cause)


class InputsChangedError(DataJointError):
    """
    What ``make()`` had read was changed while it computed; nothing of its key was kept.

    Attributes
    ----------
    tables : tuple of str
        The classes whose rows were changed.
    """

    tables: tuple[str, ...] = ()

    @classmethod
    def of(cls, tables: tuple[str, ...], changes: Sequence[str]) -> Self:
        """Build the error from the classes and from what is said of each change."""
        error = cls(
            f"What was read has changed before the rows that follow from it were inserted: {'; '.join(changes)}.",
            remedy="Nothing was inserted. Populate again when nobody changes what it reads.",
        )
        error.tables = tables
        return error


class PopulateError(DataJointError):
    """``populate()`` cannot run as asked: inside a transaction, on a restricted table, without ``make()``."""


class MakeFormError(PopulateError):
    """``make`` is said in three parts of which one is missing, or returns no tuple."""


class PopulateInterrupted(KeyboardInterrupt):
    """
    Ctrl-C, or the kernel's interrupt, ended a populate.

    The key that was being made is rolled back; every key before it is kept.

    Attributes
    ----------
    result : PopulateResult or PopulateResults
        What was done up to then.
    """

    def __init__(self, result: PopulateResult | PopulateResults) -> None:
        self.result = result
        super().__init__(f"populate was interrupted: {result}")


class PopulateTerminated(PopulateInterrupted, SystemExit):
    """
    SIGTERM ended a populate, as when a cluster wants its machine back.

    As a ``SystemExit`` it ends a program that does not catch it, with the exit code of a terminated process, 143.
    """

    def __init__(self, result: PopulateResult | PopulateResults) -> None:
        super().__init__(result)
        self.code = 128 + signal.SIGTERM
