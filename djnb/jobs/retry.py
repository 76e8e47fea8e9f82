"""When a failed job is tried again, and what its error is called."""

from __future__ import annotations

import hashlib
import random
import re
import traceback
from dataclasses import dataclass
from types import TracebackType

from djnb.errors import InputsChangedError, LockError, LostConnectionError, describe
from djnb.jobs.layout import LONGEST_MESSAGE

_INFRASTRUCTURE_ATTEMPTS = 5
"""How often a job is begun at most that fails for the database's sake rather than its own."""


@dataclass(frozen=True)
class Retry:
    """
    A policy: which failed jobs are tried again, how often, and when.

    Attributes
    ----------
    max_attempts : int
        How often a job is begun at most, the first time included.
    on : exception class or tuple of them
        Which errors; any if it is empty.
    backoff : float
        Seconds until the second attempt; each further one takes twice as long.
    cap : float
        Seconds that it takes at most.
    jitter : float
        By which share the time varies at random, so that jobs that failed together do not come together again.

    Examples
    --------
    >>> class Download(dj.Imported):
    ...     retry = dj.Retry(5, on=(ConnectionError,), backoff=60)
    """

    max_attempts: int = 1
    on: type[BaseException] | tuple[type[BaseException], ...] = ()
    backoff: float = 10.0
    cap: float = 3600.0
    jitter: float = 0.5

    def delay(self, attempts: int) -> float:
        """Return in how many seconds a job is tried again that was begun so many times."""
        plain = min(self.cap, self.backoff * 2.0 ** min(attempts - 1, 64))
        return plain * random.uniform(1 - self.jitter, 1 + self.jitter)

    def takes(self, error: BaseException, attempts: int) -> bool:
        """Tell whether a job is tried again that was begun so many times and has failed with an error."""
        return attempts < self.max_attempts and isinstance(error, self.on or Exception)


NEVER = Retry()
"""Every error ends the job."""

INFRASTRUCTURE = Retry(
    _INFRASTRUCTURE_ATTEMPTS, on=(LostConnectionError, LockError, InputsChangedError), backoff=1.0, cap=60.0
)
"""Errors that are the database's, not the job's: always."""


def retry_after(error: BaseException, attempts: int, policy: Retry | None = None) -> float | None:
    """
    Return in how many seconds a job is to be tried again; None if it is not.

    Parameters
    ----------
    error : BaseException
        What it has failed with.
    attempts : int
        How often it was begun.
    policy : Retry, optional
        The table's, or the run's; without one, only errors of the database's are tried again.
    """
    for each in (policy or NEVER, INFRASTRUCTURE):
        if each.takes(error, attempts):
            return each.delay(attempts)
    return None


_VARYING = re.compile(
    r"""'[^'\n]*'|"[^"\n]*"|`[^`\n]*`"""  # quoted
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # UUIDs
    r"|(?:[A-Za-z]:)?[/\\][^\s:,;)\]]+"  # paths
    r"|0[xX][0-9a-fA-F]+|\b[0-9a-fA-F]*[0-9][0-9a-fA-F]*\b|[0-9]+(?:[.,][0-9]+)*"  # numbers
)
_FRAME = re.compile(r'^\s*File "([^"\n]*)", line [0-9]+, in (.+)$', re.MULTILINE)
_FILE = re.compile(r".*[/\\]")
_LIBRARY = re.compile(r"[/\\](?:djnb|datajoint)[/\\]")
_READ = 20_000
"""Characters of a text that are looked at."""


def error_hash(message: str, stack: str = "") -> str:
    """
    Return what errors of one kind have in common: 16 hexadecimal digits.

    They come from the message without its numbers, quoted words, paths and identifiers, and from the last three
    functions of the user's code in the traceback: neither djnb's nor DataJoint's, nor what had called those.
    """
    said = _VARYING.sub("#", message[:_READ].split("\n", 1)[0])
    frames = _FRAME.findall(stack[-_READ:])
    library = [bool(_LIBRARY.search(path)) for path, _ in frames]
    begun = library.index(True) if True in library else 0
    own = [
        f"{_FILE.sub('', path)}:{function}"
        for (path, function), is_foreign in zip(frames[begun:], library[begun:], strict=True)
        if not is_foreign
    ]
    text = "\n".join([said, *own[-3:]])
    return hashlib.blake2b(text.encode(errors="backslashreplace"), digest_size=8).hexdigest()


def tell(error: BaseException) -> tuple[str, str]:
    """
    Return the message of an error, and its traceback from the user's code on.

    They can be had whatever the error does when it is asked for them.
    """
    message = describe(error)
    begun = _users_part(error.__traceback__)
    try:
        stack = "".join(traceback.format_exception(type(error), error, begun))
    except Exception:  # noqa: BLE001 -- the user's class may raise anything
        stack = "".join(traceback.format_tb(begun)) + message
    return message, stack


def _users_part(whole: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame on that is not djnb's; all of it where every frame is."""
    frame = whole
    while frame is not None and _is_own(frame.tb_frame.f_globals.get("__name__")):
        frame = frame.tb_next
    return frame or whole


def _is_own(module: object) -> bool:
    """Tell whether a module is djnb's; the demo's pipeline is a user's like others."""
    return isinstance(module, str) and module.split(".")[0] == "djnb" and not module.startswith("djnb.demo")


def clean(text: str) -> str:
    """Return a text without what no database keeps or no screen shows: zeros, and halves of surrogate pairs."""
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()


_CUT = "...truncated"


def readable(message: str, *, collation: str | None = None) -> str:
    """Return a message as ``error_message`` holds it: of characters that the column takes, cut to its length."""
    text = clean(message[: LONGEST_MESSAGE + 1])
    charset = (collation or "").partition("_")[0]
    if charset in ("utf8", "utf8mb3"):
        text = "".join(c if c <= "\uffff" else f"\\U{ord(c):08x}" for c in text)
    elif charset and charset != "utf8mb4":
        text = text.encode({"latin1": "cp1252"}.get(charset, "ascii"), errors="backslashreplace").decode("cp1252")
    if len(text) <= LONGEST_MESSAGE:
        return text
    return text[: LONGEST_MESSAGE - len(_CUT)] + _CUT
