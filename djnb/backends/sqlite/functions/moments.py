"""What dates, datetimes and times are written as, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from djnb.backends.sqlite.functions.numbers import exact

DATED = re.compile(
    r"\s*(\d{4}|\d{2})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"(?:[T ]\s*(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,6})\d*)?)?)?)?"
)
_COMPACT = re.compile(r"\s*(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?(?:\.(\d{0,6})\d*)?\s*$")
SPAN = re.compile(r"\s*(-?)(?:(\d+)\s+)?(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,6})\d*)?)?")
_COMPACT_SPAN = re.compile(r"\s*(-?)(\d{1,7})(?:\.(\d{0,6})\d*)?\s*$")
LONGEST = timedelta(hours=838, minutes=59, seconds=59)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Moment:
    """A date or a datetime: whether it has a time of day, and how many digits of a second it is written with."""

    at: datetime
    has_time: bool
    digits: int = 0

    def text(self) -> str:
        """Return it as it is stored."""
        if not self.has_time:
            return self.at.date().isoformat()
        return stamp(self.at, self.digits)


def stamp(at: datetime, digits: int) -> str:
    """Return a datetime as text with so many digits of a second."""
    full = at.isoformat(sep=" ", timespec="microseconds")
    return full[: 20 + digits] if digits else full[:19]


def moment(value: Any) -> Moment | None:
    """Return the moment that a value says, or None."""
    given = written(value)
    match = DATED.match(given) or _COMPACT.match(given)
    if match is None:
        return None
    year = int(match[1])
    if len(match[1]) == 2:
        year += 2000 if year < 70 else 1900
    hour, minute, second = (int(match[place] or 0) for place in (4, 5, 6))
    try:
        micros = int((match[7] or "").ljust(6, "0"))
        at = datetime(year, int(match[2]), int(match[3]), hour, minute, second, micros)  # noqa: DTZ001 -- UTC, unsaid
    except ValueError:
        return None
    return Moment(at, match[4] is not None, len(match[7] or ""))


def written(value: Any) -> str:
    """Return a value as the text of a time; numbers are times too."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else f"{exact(value):f}"


def span(value: Any) -> tuple[timedelta, int] | None:
    """Return the span, or the time of day, that a value says, and its digits of a second; or None."""
    given = written(value)
    match = SPAN.match(given)
    if match is not None and (match[2] or not DATED.match(given)):
        hours = int(match[2] or 0) * 24 + int(match[3])
        minutes, seconds, fraction = int(match[4]), int(match[5] or 0), match[6] or ""
        sign = match[1]
    elif (dated := moment(given)) is not None and dated.has_time:
        at = dated.at
        return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond), dated.digits
    elif compact := _COMPACT_SPAN.match(given):
        sign, packed, fraction = compact[1], int(compact[2]), compact[3] or ""
        hours, minutes, seconds = packed // 10_000, packed // 100 % 100, packed % 100
    else:
        return None
    if minutes > 59 or seconds > 59:
        return None
    total = timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=int(fraction.ljust(6, "0")))
    total = min(total, LONGEST + timedelta(microseconds=999_999)) if hours <= 838 else LONGEST
    return (-total if sign else total), len(fraction)


def span_text(value: timedelta, digits: int) -> str:
    """Return a span as it is stored."""
    seconds, micros = divmod(abs(value) // MICROSECOND, 1_000_000)
    shown = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return ("-" if value < timedelta() else "") + shown + (f".{micros:06}"[: 1 + digits] if digits else "")


def of_moment(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of a moment, which is None of what says none."""

    def call(value: Any, *rest: Any) -> Any:
        found = moment(value)
        return None if found is None else compute(found.at, *rest)

    return call


def of_span(compute: Callable[[timedelta], Any]) -> Callable[[Any], Any]:
    """Return a function of a span, or of a moment's time of day, which is None of what says none."""

    def call(value: Any) -> Any:
        dated = DATED.match(written(value)) and moment(value)
        if dated:
            at = dated.at
            return compute(at - datetime.combine(at.date(), datetime.min.time()))
        found = span(value)
        return None if found is None else compute(abs(found[0]))

    return call
