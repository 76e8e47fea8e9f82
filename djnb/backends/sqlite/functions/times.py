"""Dates and times as MySQL computes with them; they are ISO text, in UTC."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from djnb.backends.sqlite.functions.moments import (
    DATED,
    LONGEST,
    MICROSECOND,
    SPAN,
    Moment,
    moment,
    of_moment,
    of_span,
    span,
    span_text,
    stamp,
    written,
)
from djnb.backends.sqlite.functions.numbers import exact, number, whole

_SECOND = timedelta(seconds=1)
_YEAR_ZERO = 365
"""How many more days MySQL counts than Python does."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- times in a database are UTC without saying so


def week(at: datetime, mode: Any = 0) -> int:
    """Return the week of the year in one of MySQL's modes."""
    return year_and_week(at, mode)[1]


def year_and_week(at: datetime, mode: Any) -> tuple[int, int]:
    """
    Return the week, and the year to which it belongs, in one of MySQL's modes 0 to 7.

    In odd modes weeks begin on Monday, else on Sunday. In 2, 3, 6 and 7 days before the first week belong to the last
    one of the year before, else to week 0. In 1, 3, 4 and 6 the first week is the one with four days in the year, else
    the one that begins with the first such day.
    """
    day, mode = at.date(), whole(mode) & 7
    begins_on_monday, belongs_elsewhere = bool(mode & 1), bool(mode & 2)
    has_four_days = begins_on_monday != bool(mode & 4)

    def first_week(year: int) -> int:
        anchor = date(year, 1, 4 if has_four_days else 7)
        return anchor.toordinal() - (anchor.weekday() if begins_on_monday else anchor.isoweekday() % 7)

    year, ordinal = day.year, day.toordinal()
    if ordinal < first_week(year):
        if not belongs_elsewhere or year == 1:
            return year, 0
        year -= 1
    elif belongs_elsewhere and year < date.max.year and ordinal >= first_week(year + 1):
        year += 1
    return year, (ordinal - first_week(year)) // 7 + 1


def _yearweek(at: datetime, mode: Any = 0) -> int:
    year, count = year_and_week(at, whole(mode) | 2)
    return year * 100 + count


_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_SPANS = {
    "MICROSECOND": MICROSECOND, "SECOND": _SECOND, "MINUTE": timedelta(minutes=1), "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1), "WEEK": timedelta(weeks=1),
}  # fmt: skip
_PARTS = ("DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND")


def _interval(value: Any, unit: str) -> tuple[int, timedelta]:
    """Return an interval as months and a span."""
    if unit == "SECOND":
        return 0, timedelta(microseconds=int(exact(value) * 1_000_000))
    if unit in _MONTHS:
        return whole(value) * _MONTHS[unit], timedelta()
    if unit in _SPANS:
        return 0, whole(value) * _SPANS[unit]
    given = written(value).strip()
    parts = [int(part) for part in re.findall(r"\d+", given)]
    sign = -1 if given.startswith("-") else 1
    if unit == "YEAR_MONTH":
        years, months = ([0] * 2 + parts)[-2:]
        return sign * (years * 12 + months), timedelta()
    first, _, last = unit.partition("_")
    units = _PARTS[_PARTS.index(first) : _PARTS.index(last) + 1]
    if last == "MICROSECOND" and parts:
        parts[-1] = int(re.findall(r"\d+", given)[-1].ljust(6, "0")[:6])
    counts = ([0] * len(units) + parts)[-len(units) :]
    return 0, sign * sum((count * _SPANS[name] for count, name in zip(counts, units, strict=True)), timedelta())


def date_add(value: Any, amount: Any, unit: str, sign: int = 1) -> str | None:
    """Return a moment, or a time, so much later."""
    months, change = _interval(amount, unit)
    months, change = months * sign, change * sign
    finer = 6 if change % _SECOND else 0
    text = written(value)
    if re.match(r"\s*-?\d+:\d", text) and not DATED.match(text):
        found = span(value)
        return None if found is None or months else span_text(found[0] + change, max(found[1], finer))
    start = moment(value)
    if start is None:
        return None
    try:
        at = start.at
        if months:
            place = at.year * 12 + at.month - 1 + months
            year, month = place // 12, place % 12 + 1
            at = at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
        at += change
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return None
    keeps_date = not start.has_time and unit in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "YEAR_MONTH")
    return Moment(at, not keeps_date, max(start.digits, finer)).text()


def _difference(unit: str, first: Any, second: Any) -> int | None:
    start, end = moment(first), moment(second)
    if start is None or end is None:
        return None
    sign = 1
    a, b = start.at, end.at
    if b < a:
        a, b, sign = b, a, -1
    if unit in _SPANS:
        return sign * ((b - a) // _SPANS[unit])
    months = (b.year - a.year) * 12 + b.month - a.month
    if (b.day, b.time()) < (a.day, a.time()):
        months -= 1
    return sign * (months // _MONTHS[unit])


def _timediff(first: Any, second: Any) -> str | None:
    dated = [bool(DATED.match(written(value))) for value in (first, second)]
    if all(dated):
        a, b = moment(first), moment(second)
        if a is None or b is None:
            return None
        change, digits = a.at - b.at, max(a.digits, b.digits)
    elif any(dated):
        return None
    else:
        x, y = span(first), span(second)
        if x is None or y is None:
            return None
        change, digits = x[0] - y[0], max(x[1], y[1])
    return span_text(max(min(change, LONGEST), -LONGEST), digits)


def _now(digits: Any = 0) -> str:
    return stamp(datetime.now(UTC).replace(tzinfo=None), min(max(whole(digits), 0), 6))


def _time(value: Any) -> str | None:
    found = span(value)
    return None if found is None else span_text(*found)


def _timestamp(value: Any) -> str | None:
    found = moment(value)
    return None if found is None else Moment(found.at, True, found.digits).text()


def _last_day(at: datetime) -> str:
    return at.date().replace(day=calendar.monthrange(at.year, at.month)[1]).isoformat()


def _unix_timestamp(value: Any = None) -> int | float | None:
    if value is None:
        return int(datetime.now(UTC).timestamp())
    found = moment(value)
    if found is None or found.at < _EPOCH:
        return None
    micros = (found.at - _EPOCH) // MICROSECOND
    return micros / 1_000_000 if found.digits else micros // 1_000_000


def _from_unixtime(value: Any) -> str | None:
    seconds = exact(value)
    if seconds < 0 or seconds >= 2**31:
        return None
    micros = int(seconds * 1_000_000)
    return stamp(_EPOCH + timedelta(microseconds=micros), 6 if micros % 1_000_000 else 0)


def _sec_to_time(value: Any) -> str:
    micros = int(exact(value) * 1_000_000)
    seconds = timedelta(microseconds=max(min(micros, 4 * 10**12), -4 * 10**12))
    return span_text(max(min(seconds, LONGEST), -LONGEST), 6 if micros % 1_000_000 else 0)


def _time_to_sec(value: Any) -> int | None:
    found = span(value)
    if found is None:
        return None
    seconds = abs(found[0]) // _SECOND
    return -seconds if found[0] < timedelta() else seconds


def _from_days(count: Any) -> str | None:
    days = whole(count) - _YEAR_ZERO
    return date.fromordinal(days).isoformat() if 1 <= days <= date.max.toordinal() else None


def _makedate(year: Any, day: Any) -> str | None:
    year, day = whole(year), whole(day)
    if day <= 0 or not 0 <= year <= 9999:
        return None
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        return (date(year, 1, 1) + timedelta(days=day - 1)).isoformat()
    except (ValueError, OverflowError):
        return None


def _extract(unit: str, value: Any) -> int | None:
    found = moment(value) if DATED.match(written(value)) or unit in _DATE_UNITS else None
    if found is None and (unit in _DATE_UNITS or "DAY" in unit):
        return None
    if found is not None:
        at = found.at
        simple = {
            "YEAR": at.year, "QUARTER": (at.month + 2) // 3, "MONTH": at.month, "DAY": at.day,
            "WEEK": week(at), "YEAR_MONTH": at.year * 100 + at.month,
        }  # fmt: skip
        if unit in simple:
            return simple[unit]
        parts = {
            "DAY": at.day,
            "HOUR": at.hour,
            "MINUTE": at.minute,
            "SECOND": at.second,
            "MICROSECOND": at.microsecond,
        }
        sign = 1
    else:
        other = span(value)
        if other is None:
            return None
        seconds, micros = divmod(abs(other[0]) // MICROSECOND, 1_000_000)
        sign = -1 if other[0] < timedelta() else 1
        parts = {"HOUR": seconds // 3600, "MINUTE": seconds // 60 % 60, "SECOND": seconds % 60, "MICROSECOND": micros}
    first, _, last = unit.partition("_")
    total = 0
    for name in _PARTS[_PARTS.index(first) : _PARTS.index(last or first) + 1]:
        total = total * (1_000_000 if name == "MICROSECOND" else 100) + parts[name]
    return sign * total


_DATE_UNITS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "YEAR_MONTH")


def order_of_moment(value: Any) -> Any:
    """Return a moment with all digits, so that comparing texts compares times; what says none stays."""
    found = moment(value)
    return value if found is None else stamp(found.at, 6)


def order_of_span(value: Any) -> Any:
    """Return a span in microseconds."""
    found = span(value)
    return value if found is None else found[0] // MICROSECOND


def number_of_time(value: Any) -> int | float:
    """Return the number that MySQL makes of a date or a time: its digits."""
    given = written(value)
    if DATED.match(given) or SPAN.match(given):
        digits = re.sub(r"[^\d.]", "", given)
        return (-1 if given.startswith("-") else 1) * (float(digits) if "." in digits else int(digits))
    return number(value)


def cast_date(value: Any) -> str | None:
    """Return the date that a value says."""
    found = moment(value)
    return None if found is None else found.at.date().isoformat()


def cast_datetime(value: Any, digits: int = 0) -> str | None:
    """Return the datetime that a value says, cut to so many digits of a second."""
    found = moment(value)
    return None if found is None else stamp(found.at, digits)


def cast_time(value: Any, digits: int = 0) -> str | None:
    """Return the time that a value says, cut to so many digits of a second."""
    found = span(value)
    if found is None:
        return None
    unit = timedelta(microseconds=10 ** (6 - digits))
    cut = abs(found[0]) // unit * unit
    return span_text(-cut if found[0] < timedelta() else cut, digits)


SCALARS: dict[str, Callable[..., Any]] = {
    "now": _now, "utc_timestamp": _now,
    "curdate": lambda: _now()[:10], "utc_date": lambda: _now()[:10],
    "curtime": lambda digits=0: _now(digits)[11:], "utc_time": lambda digits=0: _now(digits)[11:],
    "date": cast_date, "time": _time, "timestamp": _timestamp,
    "year": of_moment(lambda at: at.year),
    "quarter": of_moment(lambda at: (at.month + 2) // 3),
    "month": of_moment(lambda at: at.month),
    "week": of_moment(week),
    "weekofyear": of_moment(lambda at: at.isocalendar().week),
    "yearweek": of_moment(_yearweek),
    "dayofmonth": of_moment(lambda at: at.day),
    "dayofweek": of_moment(lambda at: at.isoweekday() % 7 + 1),
    "weekday": of_moment(lambda at: at.weekday()),
    "dayofyear": of_moment(lambda at: at.timetuple().tm_yday),
    "dayname": of_moment(lambda at: calendar.day_name[at.weekday()]),
    "monthname": of_moment(lambda at: calendar.month_name[at.month]),
    "last_day": of_moment(_last_day),
    "hour": of_span(lambda given: given // timedelta(hours=1)),
    "minute": of_span(lambda given: given // timedelta(minutes=1) % 60),
    "second": of_span(lambda given: given // _SECOND % 60),
    "microsecond": of_span(lambda given: given % _SECOND // MICROSECOND),
    "date_add": date_add,
    "date_sub": lambda value, amount, unit: date_add(value, amount, unit, -1),
    "datediff": lambda first, second: (
        (a.at.date() - b.at.date()).days if (a := moment(first)) and (b := moment(second)) else None
    ),
    "timestampdiff": _difference, "timediff": _timediff, "extract": _extract,
    "unix_timestamp": _unix_timestamp, "from_unixtime": _from_unixtime,
    "sec_to_time": _sec_to_time, "time_to_sec": _time_to_sec,
    "to_days": of_moment(lambda at: at.toordinal() + _YEAR_ZERO), "from_days": _from_days, "makedate": _makedate,
    "moment": order_of_moment, "span": order_of_span, "time_number": number_of_time,
    "cast_date": cast_date, "cast_datetime": cast_datetime, "cast_time": cast_time,
}  # fmt: skip

CHANGING = ("now", "utc_timestamp", "curdate", "utc_date", "curtime", "utc_time", "unix_timestamp")
"""Those whose value is another one each time."""
