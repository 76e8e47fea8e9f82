"""Dates and times in other forms: MySQL's DATE_FORMAT and STR_TO_DATE."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from djnb.backends.sqlite.functions.moments import Moment, moment, span_text
from djnb.backends.sqlite.functions.texts import text
from djnb.backends.sqlite.functions.times import week, year_and_week


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


_SHOWN: dict[str, Callable[[datetime], str]] = {
    "a": lambda at: calendar.day_abbr[at.weekday()],
    "b": lambda at: calendar.month_abbr[at.month],
    "c": lambda at: str(at.month),
    "D": lambda at: _ordinal(at.day),
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: str(at.day),
    "f": lambda at: f"{at.microsecond:06}",
    "H": lambda at: f"{at.hour:02}",
    "h": lambda at: f"{at.hour % 12 or 12:02}",
    "I": lambda at: f"{at.hour % 12 or 12:02}",
    "i": lambda at: f"{at.minute:02}",
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "k": lambda at: str(at.hour),
    "l": lambda at: str(at.hour % 12 or 12),
    "M": lambda at: calendar.month_name[at.month],
    "m": lambda at: f"{at.month:02}",
    "p": lambda at: "PM" if at.hour >= 12 else "AM",
    "r": lambda at: f"{at.hour % 12 or 12:02}:{at.minute:02}:{at.second:02} {'PM' if at.hour >= 12 else 'AM'}",
    "S": lambda at: f"{at.second:02}",
    "s": lambda at: f"{at.second:02}",
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
    "U": lambda at: f"{week(at, 0):02}",
    "u": lambda at: f"{week(at, 1):02}",
    "V": lambda at: f"{week(at, 2):02}",
    "v": lambda at: f"{week(at, 3):02}",
    "W": lambda at: calendar.day_name[at.weekday()],
    "w": lambda at: str(at.isoweekday() % 7),
    "X": lambda at: f"{year_and_week(at, 2)[0]:04}",
    "x": lambda at: f"{year_and_week(at, 3)[0]:04}",
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
}

_MONTH_NAMES = {name.lower(): place for place, name in enumerate(calendar.month_name) if name}
_MONTH_SHORTS = {name.lower(): place for place, name in enumerate(calendar.month_abbr) if name}
_READ = {
    "Y": r"(\d{1,4})", "y": r"(\d{1,2})", "m": r"(\d{1,2})", "c": r"(\d{1,2})", "d": r"(\d{1,2})", "e": r"(\d{1,2})",
    "D": r"(\d{1,2})[a-zA-Z]{2}", "j": r"(\d{1,3})", "H": r"(\d{1,2})", "k": r"(\d{1,2})", "h": r"(\d{1,2})",
    "I": r"(\d{1,2})", "l": r"(\d{1,2})", "i": r"(\d{1,2})", "S": r"(\d{1,2})", "s": r"(\d{1,2})", "f": r"(\d{1,6})",
    "p": r"([aApP][mM])", "M": r"([a-zA-Z]+)", "b": r"([a-zA-Z]{3})", "W": r"([a-zA-Z]+)", "a": r"([a-zA-Z]{3})",
}  # fmt: skip
_WHOLES = {"T": "%H:%i:%s", "r": "%h:%i:%s %p"}


def date_format(value: Any, pattern: Any) -> str | None:
    """Return a moment in a form of your own."""
    found, form = moment(value), text(pattern)
    if found is None or not form:
        return None
    return re.sub(r"%(.)", lambda m: _SHOWN[m[1]](found.at) if m[1] in _SHOWN else m[1], form, flags=re.DOTALL)


def str_to_date(value: Any, pattern: Any) -> str | None:
    """Return the date, the datetime or the time that a text of a form says."""
    form = re.sub(r"%([Tr])", lambda m: _WHOLES[m[1]], text(pattern))
    given, place, parts = text(value), 0, {}
    for piece in re.findall(r"%.|\s+|[^%\s]|%$", form, flags=re.DOTALL):
        if piece.isspace():
            place += len(given[place:]) - len(given[place:].lstrip())
            continue
        if len(piece) == 2 and piece[1] in _READ:
            place += len(given[place:]) - len(given[place:].lstrip())
            match = re.compile(_READ[piece[1]]).match(given, place)
            if match is None:
                return None
            parts[piece[1]], place = match[1], match.end()
        else:
            wanted = piece[-1]
            if given[place : place + 1] != wanted:
                return None
            place += 1
    return _assembled(parts)


def _assembled(parts: dict[str, str]) -> str | None:
    def first(letters: str, default: int | None = None) -> int | None:
        return next((int(parts[letter]) for letter in letters if letter in parts), default)

    year, month, day = first("Y"), first("mc"), first("deD")
    if "y" in parts or ("Y" in parts and len(parts["Y"]) <= 2):
        short = int(parts.get("y", parts.get("Y", "0")))
        year = short + (2000 if short < 70 else 1900)
    for letter, names in (("M", _MONTH_NAMES), ("b", _MONTH_SHORTS)):
        if letter in parts:
            month = names.get(parts[letter].lower())
            if month is None:
                return None
    hour = first("Hk", first("hIl", 0)) or 0
    if "p" in parts:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts["p"].lower() == "pm" else 0)
    minute, second = first("i", 0) or 0, first("Ss", 0) or 0
    micros = int(parts.get("f", "").ljust(6, "0"))
    has_time = bool(set(parts) & set("HkhIlisSfp"))
    if minute > 59 or second > 59 or hour > 23:
        return None
    digits = 6 if "f" in parts else 0
    if year is None and month is None and day is None and "j" not in parts:
        span = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micros)
        return span_text(span, digits) if has_time else None
    try:
        if "j" in parts and year is not None:
            january = datetime(year, 1, 1)  # noqa: DTZ001 -- times in a database are UTC without saying so
            at = january + timedelta(days=int(parts["j"]) - 1)
        else:
            at = datetime(year or 0, month or 0, day or 0)  # noqa: DTZ001 -- what lacks a part is no date here
    except (ValueError, OverflowError):
        return None
    at = at.replace(hour=hour, minute=minute, second=second, microsecond=micros)
    return Moment(at, has_time, digits).text()


SCALARS: dict[str, Callable[..., Any]] = {"date_format": date_format, "str_to_date": str_to_date}
