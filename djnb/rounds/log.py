"""What a worker says of its work: lines for people, or objects of JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from djnb.errors import describe
from djnb.events import Event, KeyFailed, KeyFinished, KeySkipped, KeyStarted
from djnb.layout import key_text

_WORDS: dict[type[Event], str] = {
    KeyStarted: "started",
    KeyFinished: "made",
    KeySkipped: "skipped",
    KeyFailed: "failed",
}

KINDS = tuple(_WORDS)
"""The events that `Log.follow` takes."""


@dataclass(frozen=True)
class Log:
    """
    Says one thing a line, with the time in UTC.

    Attributes
    ----------
    say : callable
        Takes a line.
    as_json : bool
        Say objects of JSON.
    """

    say: Callable[[str], None]
    as_json: bool = False

    def follow(self, event: Any) -> None:
        """Say what has become of a key."""
        what, key = _WORDS[type(event)], dict(event.key)
        more: dict[str, Any] = {"key": key}
        text = f"{event.run.table} {key_text(key)}: {what}"
        if what in ("made", "failed"):
            more["seconds"] = round(event.duration, 3)
            text += f" in {event.duration:.3f} s" if what == "made" else f", {describe(event.error)}"
        if what == "failed":
            more["error"] = describe(event.error)
        self.tell(what, event.run.table, text=text, **more)

    def tell(self, what: str, table: str | None = None, *, text: str, **more: Any) -> None:
        """
        Say that something happens.

        Parameters
        ----------
        what : str
            In one word.
        table : str, optional
            The class that it is about.
        text : str
            The same for people.
        **more
            What programs get besides.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self.as_json:
            said = {"time": now, "event": what, **({"table": table} if table else {}), **more}
            self.say(json.dumps(said, default=str))
        else:
            # One line for one thing, whatever the text of an error has.
            self.say(f"{now} {' '.join(text.splitlines())}")
