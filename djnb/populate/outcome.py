"""What came of one key, in a form that travels between processes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from djnb.jobs.retry import tell
from djnb.populate.output import Output

logger = logging.getLogger(__name__)

Fate = Literal["made", "skipped", "failed"]


class RemoteError(Exception):
    """An exception of another process that cannot be sent; its text is that of the exception."""


class RemoteTraceback(Exception):  # noqa: N818 -- no error: the cause of one, to be read below it
    """Where an exception was raised in another process."""

    def __str__(self) -> str:
        return f"in another process\n\n{self.args[0]}"


@dataclass(frozen=True)
class Outcome:
    """
    What came of a key.

    Attributes
    ----------
    key : mapping
        The key.
    fate : str
        ``made``; ``skipped`` because somebody else has made it or has taken its job; ``failed``.
    started : float
        When `make` was called, a Unix time.
    duration : float
        Seconds.
    error : Exception or None
        What `make` raised.
    output : Output or None
        What `make` printed and drew, where that was kept.
    """

    key: Mapping[str, Any]
    fate: Fate
    started: float
    duration: float
    error: Exception | None = None
    output: Output | None = None


@dataclass(frozen=True)
class Packed:
    """
    An outcome whose error is packed: what cannot be unpacked elsewhere must not harm the way back.

    Attributes
    ----------
    error : bytes
        The exception, pickled; empty if it cannot be.
    text, stack : str
        The exception in words, and where it was raised.
    """

    key: Mapping[str, Any]
    fate: Fate
    started: float
    duration: float
    error: bytes = b""
    text: str = ""
    stack: str = ""
    output: Output | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Packed:
        """Pack an outcome, in the process that has it."""
        given = (outcome.key, outcome.fate, outcome.started, outcome.duration)
        if outcome.error is None:
            return cls(*given, output=outcome.output)
        return cls(*given, _pickled(outcome.error), *tell(outcome.error), output=outcome.output)

    def unpack(self) -> Outcome:
        """Return the outcome, in the process that wants it."""
        error: Exception | None = None
        if self.fate == "failed":
            error = _unpickled(self.error) or RemoteError(self.text)
            if error.__cause__ is None:
                error.__cause__ = RemoteTraceback(self.stack)
        return Outcome(self.key, self.fate, self.started, self.duration, error, self.output)


def _pickled(error: Exception) -> bytes:
    import cloudpickle

    try:
        packed: bytes = cloudpickle.dumps(error)
        # Many exceptions can be packed and not unpacked: those whose `__init__` wants more than `args`.
        cloudpickle.loads(packed)
    except Exception:  # noqa: BLE001 -- whatever the user's class does; its text goes instead
        return b""
    return packed


def _unpickled(packed: bytes) -> Exception | None:
    import cloudpickle

    if not packed:
        return None
    try:
        error = cloudpickle.loads(packed)
    except Exception:
        logger.debug("An exception of another process cannot be unpacked here", exc_info=True)
        return None
    return error if isinstance(error, Exception) else None
