"""
Values between Python and the database: checked and made canonical on the way in, restored on the way out.

==========  ===================================================  ==================
family      accepts                                              gives back
==========  ===================================================  ==================
integer     int, numpy integer, whole float, digits as text      int
float       any real number, digits as text                      float
decimal     Decimal, int, float, text                            Decimal
bool        bool, 0, 1                                           bool
string      str, int                                             str
enum        one of the values                                    str
date        date, datetime, ISO text, ``datetime64``             date
datetime    datetime, date, ISO text, ``datetime64``             datetime, UTC
time        time, timedelta, ``HH:MM:SS``                        timedelta
uuid        UUID, text, 16 bytes                                 UUID
json        what ``json.dumps`` takes                            dict, list, …
bytes       bytes, bytearray, memoryview                         bytes
codec       what the codec packs                                 what it unpacks
==========  ===================================================  ==================
"""

from __future__ import annotations

import json
import math
import operator
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from djnb.model.core_types import AttributeType, Family
from djnb.sql.chain import chain_of
from djnb.sql.dialect import Dialect
from djnb.sql.unfit import UnfitError as UnfitError

_DECIMALS = Context(prec=100)
_LONGEST_TIME = timedelta(hours=838, minutes=59, seconds=59)
"""What MySQL's ``time`` holds, in both directions."""

Converter = Callable[[Any], Any]


def encoder(attribute_type: AttributeType, dialect: Dialect) -> Converter:
    """
    Return the function that turns a value into what the driver binds.

    It raises ``UnfitError`` for a value that does not fit the type. NULL is not its business.
    Codecs that need to know the row are not told of it here; ``rows.coding`` does.
    """
    if attribute_type.family is Family.CODEC:
        chain = chain_of(attribute_type)
        finish = encoder(chain.stored, dialect)
        return lambda value: finish(chain.encode(value))
    check = _ENCODERS[attribute_type.family]
    store = dialect.to_storage.get(attribute_type.family)
    if attribute_type.family is Family.FLOAT and not dialect.stores_infinity:
        store = _refuse_infinity
    if store is None:
        return lambda value: check(value, attribute_type)
    adapt = store
    return lambda value: adapt(check(value, attribute_type), attribute_type)


def encode_column(values: Sequence[Any], attribute_type: AttributeType, dialect: Dialect) -> list[Any] | None:
    """
    Return values as the driver binds them, if a glance at all of them shows that they fit; None if it does not.

    The short way for what most rows hold: values of their type's own Python type, with None or NaN among them.
    What it gives is what ``encoder`` gives; what it does not take, ``encoder`` takes or refuses one by one.
    """
    family = attribute_type.family
    kinds = set(map(type, values))
    own, fit = _COLUMNS.get(family, (None, None))
    if fit is None or not kinds <= {own, type(None)}:
        return None
    has_null = len(kinds) > 1 or own not in kinds
    given = [value for value in values if value is not None] if has_null else list(values)
    if family is Family.FLOAT and any(map(math.isnan, given)):
        return encode_column([None if value != value else value for value in values], attribute_type, dialect)
    if given and not fit(given, attribute_type):
        return None
    store = dialect.to_storage.get(family)
    if store is not None:
        given = [store(value, attribute_type) for value in given]
    if not has_null:
        return given
    rest = iter(given)
    return [None if value is None else next(rest) for value in values]


def decoder(attribute_type: AttributeType, dialect: Dialect) -> Converter | None:
    """Return the function that restores a fetched value which is not NULL; None if the driver's value is right."""
    if attribute_type.family is Family.CODEC:
        chain = chain_of(attribute_type)
        begin = decoder(chain.stored, dialect)
        return chain.decode if begin is None else lambda value: chain.decode(begin(value))
    restore = dialect.from_storage.get(attribute_type.family)
    finish = _DECODERS.get(attribute_type.family)
    if attribute_type.family is Family.FLOAT and attribute_type.bits == 32:
        finish = _shortest_float32
    if restore is None or finish is None:
        only = restore or finish
        return None if only is None else lambda value: only(value, attribute_type)
    return lambda value: finish(restore(value, attribute_type), attribute_type)


def canonical(value: Any, attribute_type: AttributeType) -> Any:
    """Return a value as fetching it would give it back; raises ``UnfitError`` if it does not fit."""
    return _ENCODERS[attribute_type.family](value, attribute_type)


def _integer(value: Any, kind: AttributeType) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[+-]?\d+\s*", value):
            raise UnfitError("is not a whole number")
        try:
            number = int(value)
        except ValueError:  # Python reads no more than 4300 digits
            raise UnfitError(f"is outside the range of `{kind}`") from None
    elif isinstance(value, float) or type(value).__name__.startswith("float"):
        if not float(value).is_integer():
            raise UnfitError("is not a whole number")
        number = int(value)
    elif isinstance(value, Decimal):
        if value != value.to_integral_value():
            raise UnfitError("is not a whole number")
        number = int(value)
    else:
        try:
            number = operator.index(value)
        except TypeError:
            if type(value).__name__ not in ("bool", "bool_"):  # a truth value of numpy, by either of its names
                raise UnfitError("is not a whole number") from None
            number = int(value)
    low, high = kind.bounds
    if not low <= number <= high:
        raise UnfitError(f"is outside the range of `{kind}`, {low} to {high}")
    return number


def _float(value: Any, kind: AttributeType) -> float:
    if isinstance(value, (bytes, bytearray)):
        raise UnfitError("is not a number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UnfitError("is not a number") from None
    if math.isnan(number):
        raise UnfitError("is not a number; give None for NULL")
    if kind.bits == 32:
        try:
            number = struct.unpack("<f", struct.pack("<f", number))[0]  # the native "f" makes infinity of it
        except OverflowError:
            raise UnfitError(f"is outside the range of `{kind}`") from None
    if kind.unsigned and number < 0:
        raise UnfitError(f"is outside the range of `{kind}`: it must not be negative")
    return number


def _refuse_infinity(value: float, kind: AttributeType) -> float:
    if math.isinf(value):
        raise UnfitError(
            "is infinite, and this database has no infinite numbers; store it in a `<blob>` or leave it null"
        )
    return value


def _shortest_float32(value: float, kind: AttributeType) -> float:
    # 0.1 kept in 32 bits is 0.10000000149…; the shortest decimal that gives the same 32 bits is what was meant.
    short = float(f"{value:.6g}")
    if short == value or math.isinf(value):
        return value
    try:
        if struct.pack("f", short) == struct.pack("f", value):
            return short
        for digits in (7, 8):
            short = float(f"{value:.{digits}g}")
            if struct.pack("f", short) == struct.pack("f", value):
                return short
    except OverflowError:
        pass
    return value


def _decimal(value: Any, kind: AttributeType) -> Decimal:
    try:
        number = Decimal(str(value) if not isinstance(value, (int, Decimal)) else value)
        # The decimal module's own precision, 28 digits, is less than a decimal may have.
        rounded = number.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP, _DECIMALS)
    except (InvalidOperation, ValueError, TypeError):
        raise UnfitError("is not a decimal number") from None
    if rounded.is_nan():
        raise UnfitError("is not a decimal number")
    if rounded.adjusted() >= kind.digits - kind.scale and rounded != 0:
        raise UnfitError(f"has more digits than `{kind}` holds")
    return rounded


def _bool(value: Any, kind: AttributeType) -> bool:
    if isinstance(value, str):
        if value.lower() in ("true", "false", "0", "1"):
            return value.lower() in ("true", "1")
    elif getattr(value, "shape", ()) == () and value in (0, 1):
        return bool(value)
    raise UnfitError("is neither true nor false")


def _string(value: Any, kind: AttributeType) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        if type(value).__module__ == "numpy" and hasattr(value, "item"):
            return _string(value.item(), kind)
        raise UnfitError(f"is of type {type(value).__name__}, not text")
    text = str(value)
    if kind.length and len(text) > kind.length:
        raise UnfitError(f"has {len(text)} characters; `{kind}` holds {kind.length}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnfitError("holds half of a surrogate pair, which is not text") from None
    # Servers do not keep the blanks that fill up a `char(n)`.
    return text.rstrip(" ") if kind.fixed else text


def _enum(value: Any, kind: AttributeType) -> str:
    if str(value) not in kind.values:
        raise UnfitError(f"is not among the values of the enum: {', '.join(map(repr, kind.values))}")
    return str(value)


def _moment(value: Any) -> Any:
    """Return a ``datetime64`` or ``timedelta64`` as the standard library's value; others as they are."""
    if type(value).__name__ in ("datetime64", "timedelta64"):
        return value.astype(f"{type(value).__name__}[us]").item()
    return value


def _date(value: Any, kind: AttributeType) -> date:
    value = _moment(value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise UnfitError("is not a date; write YYYY-MM-DD") from None
    if isinstance(value, datetime):
        if value.time() != time():
            raise UnfitError("has a time of day; a `date` has none")
        return value.date()
    if isinstance(value, date):
        return value
    raise UnfitError("is not a date; give a `datetime.date` or YYYY-MM-DD")


def _datetime(value: Any, kind: AttributeType) -> datetime:
    value = _moment(value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise UnfitError("is not a time; write YYYY-MM-DD HH:MM:SS") from None
    if isinstance(value, datetime):
        if hasattr(value, "to_pydatetime"):
            value = value.to_pydatetime(warn=False)
        if value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
    elif isinstance(value, date):
        value = datetime.combine(value, time())
    else:
        raise UnfitError("is not a time; give a `datetime` or YYYY-MM-DD HH:MM:SS")
    unit = 10 ** (6 - kind.scale)
    excess = value.microsecond % unit
    moment: datetime = value - timedelta(microseconds=excess)
    return moment + timedelta(microseconds=unit) if excess * 2 >= unit and excess else moment


def _time(value: Any, kind: AttributeType) -> timedelta:
    span = _span(_moment(value))
    unit = timedelta(microseconds=10 ** (6 - kind.scale))
    whole, rest = divmod(abs(span), unit)
    rounded = (whole + (rest * 2 >= unit)) * unit
    if rounded > _LONGEST_TIME:
        raise UnfitError(f"is outside the range of `{kind}`, -838:59:59 to 838:59:59")
    return -rounded if span < timedelta() else rounded


def write_time(value: timedelta, kind: AttributeType) -> str:
    """Return a time of day, or a span, as ``HH:MM:SS``."""
    total = abs(value) // timedelta(microseconds=1)
    seconds, fraction = divmod(total, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return ("-" if value < timedelta() else "") + text + (f".{fraction:06}"[: 1 + kind.scale] if kind.scale else "")


def _span(value: Any) -> timedelta:
    if isinstance(value, str):
        match = re.fullmatch(r"(-?)(\d{1,3}):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?", value.strip())
        if match is None:
            raise UnfitError("is not a time of day; write HH:MM:SS")
        hours, minutes, seconds, digits = match[2], match[3], match[4] or 0, (match[5] or "").ljust(6, "0")
        span = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=int(digits))
        return -span if match[1] else span
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    if isinstance(value, timedelta):
        return timedelta(value.days, value.seconds, value.microseconds)
    raise UnfitError("is not a time of day; give a `datetime.time`, a `timedelta` or HH:MM:SS")


def _uuid(value: Any, kind: AttributeType) -> bytes:
    if isinstance(value, UUID):
        return value.bytes
    try:
        return UUID(bytes=bytes(value)).bytes if isinstance(value, (bytes, bytearray)) else UUID(value).bytes
    except (ValueError, TypeError, AttributeError):
        raise UnfitError("is not a UUID") from None


def _json(value: Any, kind: AttributeType) -> str:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise UnfitError(f"cannot be written as JSON ({error})") from None


def _bytes(value: Any, kind: AttributeType) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise UnfitError(f"is of type {type(value).__name__}, not bytes; `<blob>` holds arrays and other objects")


def _codec(value: Any, kind: AttributeType) -> Any:
    chain = chain_of(kind)
    return canonical(chain.encode(value), chain.stored)


def _computed(value: Any, kind: AttributeType) -> Any:
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        return value.item()
    return float(value) if isinstance(value, Decimal) else value


_ENCODERS: dict[Family, Callable[[Any, AttributeType], Any]] = {
    Family.INTEGER: _integer,
    Family.FLOAT: _float,
    Family.DECIMAL: _decimal,
    Family.BOOL: _bool,
    Family.STRING: _string,
    Family.ENUM: _enum,
    Family.DATE: _date,
    Family.DATETIME: _datetime,
    Family.TIME: _time,
    Family.UUID: _uuid,
    Family.JSON: _json,
    Family.BYTES: _bytes,
    Family.CODEC: _codec,
    Family.COMPUTED: _computed,
}


def _integers_fit(values: list[int], kind: AttributeType) -> bool:
    low, high = kind.bounds
    return low <= min(values) and max(values) <= high


def _floats_fit(values: list[float], kind: AttributeType) -> bool:
    return kind.bits == 64 and all(map(math.isfinite, values)) and not (kind.unsigned and min(values) < 0)


def _strings_fit(values: list[str], kind: AttributeType) -> bool:
    if kind.fixed and any(value.endswith(" ") for value in values):
        return False
    try:
        _string(max(values, key=len), kind)
        for value in values:
            if not value.isascii():
                value.encode()
    except (UnfitError, UnicodeEncodeError):
        return False
    return True


def _datetimes_fit(values: list[datetime], kind: AttributeType) -> bool:
    unit = 10 ** (6 - kind.scale)
    return not any(value.tzinfo is not None or value.microsecond % unit for value in values)


_COLUMNS: Mapping[Family, tuple[type, Callable[[list[Any], AttributeType], bool]]] = {
    Family.INTEGER: (int, _integers_fit),
    Family.FLOAT: (float, _floats_fit),
    Family.BOOL: (bool, lambda values, kind: True),
    Family.STRING: (str, _strings_fit),
    Family.ENUM: (str, lambda values, kind: set(values) <= set(kind.values)),
    Family.DATE: (date, lambda values, kind: True),
    Family.DATETIME: (datetime, _datetimes_fit),
}
"""The Python type whose values are stored as they are, and whether all of some values fit."""


def _from_computed(value: Any, kind: AttributeType) -> Any:
    # Servers compute with decimals where a file computes with floats: sums of integers are whole, the rest is not.
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    return value


_DECODERS: dict[Family, Callable[[Any, AttributeType], Any]] = {
    Family.BOOL: lambda value, kind: bool(value),
    Family.UUID: lambda value, kind: UUID(bytes=bytes(value)),
    Family.JSON: lambda value, kind: json.loads(value),
    Family.COMPUTED: _from_computed,
}
