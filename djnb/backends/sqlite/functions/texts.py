"""Text as MySQL handles it: places count from 1, in characters."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import regex

from djnb.backends.sqlite.functions.numbers import exact, number, whole

_PATIENCE = 10.0
"""Seconds that one match of a pattern may take."""


def text(value: Any) -> str:
    """Return a value as MySQL writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, int):
        return str(int(value))
    return _float_text(value)


def _float_text(value: float) -> str:
    """Return the shortest text of a float, with a power of ten from 1e15 on and below 1e-15."""
    if math.isinf(value) or math.isnan(value):
        return str(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    mantissa, power = "".join(map(str, digits)), int(exponent) + len(digits) - 1
    minus = "-" if sign else ""
    if -16 < power < 15:
        return minus + f"{abs(Decimal(repr(value)).normalize()):f}"
    return f"{minus}{mantissa[0]}{'.' + mantissa[1:] if len(mantissa) > 1 else ''}e{power}"


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else text(value).encode("utf-8", "surrogateescape")


def _substring(value: Any, start: Any, length: Any = None) -> str:
    given, place = text(value), whole(start)
    count = len(given) if length is None else whole(length)
    if place == 0 or count <= 0 or abs(place) > len(given):
        return ""
    begin = place - 1 if place > 0 else len(given) + place
    return given[begin : begin + count]


def _substring_index(value: Any, separator: Any, number_of: Any) -> str:
    given, mark, count = text(value), text(separator), whole(number_of)
    if not mark or not count:
        return ""
    parts = given.split(mark)
    return mark.join(parts[:count] if count > 0 else parts[count:])


def _locate(part: Any, value: Any, start: Any = 1) -> int:
    part, given, place = text(part), text(value), whole(start)
    return given.find(part, place - 1) + 1 if 1 <= place <= max(len(given), 1) else 0


def _insert(value: Any, start: Any, length: Any, new: Any) -> str:
    given, place, count = text(value), whole(start), whole(length)
    if not 1 <= place <= len(given):
        return given
    end = len(given) if count < 0 else min(place - 1 + count, len(given))
    return given[: place - 1] + text(new) + given[end:]


def _pad(value: Any, length: Any, fill: Any, *, at_left: bool) -> str | None:
    given, count, filler = text(value), whole(length), text(fill)
    if count < 0:
        return None
    if len(given) >= count:
        return given[:count]
    if not filler:
        return None
    missing = count - len(given)
    padding = (filler * (missing // len(filler) + 1))[:missing]
    return padding + given if at_left else given + padding


def _trim(value: Any, filler: Any = " ", where: str = "BOTH") -> str:
    given, filler = text(value), text(filler)
    if filler and where in ("BOTH", "LEADING"):
        while given.startswith(filler):
            given = given[len(filler) :]
    if filler and where in ("BOTH", "TRAILING"):
        while given.endswith(filler):
            given = given[: -len(filler)]
    return given


def _upper(value: Any) -> str:
    # Character by character: no character becomes two.
    return "".join(up if len(up := c.upper()) == 1 else c for c in text(value))


def _lower(value: Any) -> str:
    return "".join(c.lower()[0] for c in text(value))


def _replace(value: Any, old: Any, new: Any) -> str:
    old = text(old)
    return text(value).replace(old, text(new)) if old else text(value)


def _find_in_set(value: Any, listed: Any) -> int:
    value, listed = text(value), text(listed)
    parts = listed.split(",") if listed else []
    return parts.index(value) + 1 if "," not in value and value in parts else 0


def _field(value: Any, *others: Any) -> int:
    if value is None:
        return 0
    every = [value, *others]
    if not all(isinstance(item, (str, bytes)) or item is None for item in every):
        every = [None if item is None else number(item) for item in every]
    return every.index(every[0], 1) if every[0] in every[1:] else 0


def _elt(place: Any, *others: Any) -> Any:
    if place is None:
        return None
    place = whole(place)
    return text(others[place - 1]) if 1 <= place <= len(others) and others[place - 1] is not None else None


def _hex(value: Any) -> str:
    if isinstance(value, (int, float)):
        return f"{whole(str(value)) & (2**64 - 1):X}"  # half away from zero
    return _bytes(value).hex().upper()


def _unhex(value: Any) -> bytes | None:
    digits = text(value)
    try:
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits) if " " not in digits else None
    except ValueError:
        return None


def _sha2(value: Any, size: Any) -> str | None:
    name = {0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}.get(whole(size))
    return None if name is None else hashlib.new(name, _bytes(value), usedforsecurity=False).hexdigest()


@lru_cache(maxsize=256)
def _pattern(given: str) -> Any:
    return regex.compile(given, regex.VERSION0)


def _regexp(value: Any, pattern: Any) -> int:
    return int(_pattern(text(pattern)).search(text(value), timeout=_PATIENCE) is not None)


def _concat_ws(separator: Any, *parts: Any) -> str | None:
    return None if separator is None else text(separator).join(text(part) for part in parts if part is not None)


def _fixed(value: Any, scale: int) -> str:
    """Return a decimal with all digits that its type has."""
    return f"{exact(value):.{scale}f}"


SCALARS: dict[str, Callable[..., Any]] = {
    "concat": lambda *parts: "".join(map(text, parts)),
    "length": lambda value: len(_bytes(value)),
    "char_length": lambda value: len(text(value)),
    "upper": _upper, "lower": _lower,
    "left": lambda value, count: text(value)[: max(whole(count), 0)],
    "right": lambda value, count: text(value)[-whole(count) :] if whole(count) > 0 else "",
    "substring": _substring, "substring_index": _substring_index,
    "locate": _locate,
    "instr": lambda value, part: text(value).find(text(part)) + 1,
    "replace": _replace, "insert": _insert,
    "trim": _trim,
    "ltrim": lambda value: text(value).lstrip(" "),
    "rtrim": lambda value: text(value).rstrip(" "),
    "lpad": lambda *given: _pad(*given, at_left=True),
    "rpad": lambda *given: _pad(*given, at_left=False),
    "repeat": lambda value, count: text(value) * max(whole(count), 0),
    "reverse": lambda value: text(value)[::-1],
    "space": lambda count: " " * max(whole(count), 0),
    "strcmp": lambda left, right: (text(left).rstrip(" ") > text(right).rstrip(" "))
    - (text(left).rstrip(" ") < text(right).rstrip(" ")),
    "find_in_set": _find_in_set,
    "hex": _hex, "unhex": _unhex,
    "ascii": lambda value: _bytes(value)[0] if _bytes(value) else 0,
    "ord": lambda value: int.from_bytes(text(value)[:1].encode("utf-8", "surrogateescape"), "big"),
    "md5": lambda value: hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest(),
    "sha1": lambda value: hashlib.sha1(_bytes(value), usedforsecurity=False).hexdigest(),
    "sha2": _sha2,
    "crc32": lambda value: zlib.crc32(_bytes(value)),
    "regexp": _regexp,
    "fixed": _fixed,
}  # fmt: skip

NULLABLE: dict[str, Callable[..., Any]] = {"concat_ws": _concat_ws, "field": _field, "elt": _elt}
"""Those that look at NULL themselves."""
