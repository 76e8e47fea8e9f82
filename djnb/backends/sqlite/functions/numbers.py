"""Numbers as MySQL computes with them: exact ones, and floats."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from random import random
from typing import Any

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_DECIMALS = Context(prec=100)
_BITS = 2**64 - 1


def number(value: Any) -> int | float:
    """Return the number that a value is, or that its text begins with; 0 if it begins with none."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    match = _NUMBER.match(value)
    return float(match[1]) if match else 0.0


def exact(value: Any) -> Decimal:
    """Return the decimal that a value says; floats stand for decimals of up to 15 digits."""
    if isinstance(value, (int, float)):
        return Decimal(str(value))
    match = _NUMBER.match(value if isinstance(value, str) else value.decode("utf-8", "replace"))
    return Decimal(match[1]) if match else Decimal(0)


def whole(value: Any) -> int:
    """Return the nearest integer: floats half to even, all else half away from zero."""
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return round(value)
    return int(exact(value).to_integral_value(ROUND_HALF_UP))


def plain(value: Decimal) -> int | float:
    """Return a decimal as SQLite keeps it: an integer if it is one by its form."""
    if value.as_tuple().exponent == 0 and -(2**63) <= value < 2**63:
        return int(value)
    return float(value)


def signed(value: int) -> int:
    """Return 64 bits as a signed integer."""
    value &= _BITS
    return value - 2**64 if value >= 2**63 else value


def finite(value: float) -> float:
    """Return a float; as in MySQL, infinity is an error."""
    if math.isinf(value) or math.isnan(value):
        raise OverflowError("DOUBLE value is out of range")
    return value


def round_float(given: Any, digits: Any = 0) -> int | float:
    """Round half to even, as the processor does."""
    value = number(given)
    digits = min(max(whole(digits), -400), 400)
    if isinstance(value, int):
        return plain(round_exact_decimal(Decimal(value), digits, ROUND_HALF_UP))
    if abs(digits) > 300 or math.isinf(value):
        return value if digits > 0 else 0.0
    power = 10.0 ** abs(digits)
    scaled = value * power if digits >= 0 else value / power
    if math.isinf(scaled):
        return value
    return float(round(scaled) / power if digits >= 0 else round(scaled) * power)


def round_exact(value: Any, digits: Any = 0) -> int | float:
    """Round half away from zero."""
    return plain(round_exact_decimal(exact(value), whole(digits), ROUND_HALF_UP))


def round_exact_decimal(value: Decimal, digits: int, rounding: str) -> Decimal:
    """Return a decimal with at most so many digits after the point."""
    if digits < -60:
        return Decimal(0)
    places = -int(value.as_tuple().exponent)
    if digits >= places:
        return value
    rounded = value.quantize(Decimal(1).scaleb(-digits), rounding, _DECIMALS)
    return rounded.quantize(Decimal(1), context=_DECIMALS) if digits < 0 else rounded


def truncate_float(given: Any, digits: Any) -> int | float:
    """Cut a float's decimals."""
    value = number(given)
    digits = min(max(whole(digits), -400), 400)
    if isinstance(value, int):
        return plain(round_exact_decimal(Decimal(value), digits, ROUND_DOWN))
    if abs(digits) > 300:
        return value if digits > 0 else 0.0
    power = 10.0 ** abs(digits)
    scaled = value * power if digits >= 0 else value / power
    if math.isinf(scaled):
        return value
    return float(math.trunc(scaled) / power if digits >= 0 else math.trunc(scaled) * power)


def truncate_exact(value: Any, digits: Any) -> int | float:
    """Cut a decimal's digits."""
    return plain(round_exact_decimal(exact(value), whole(digits), ROUND_DOWN))


def mod(left: Any, right: Any) -> int | float | None:
    """Return the rest with the sign of the left."""
    a, b = number(left), number(right)
    if not b:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return int(math.copysign(1, a)) * (abs(a) % abs(b))
    return math.fmod(a, b)


def mod_exact(left: Any, right: Any) -> int | float | None:
    """Return the rest of decimals."""
    a, b = exact(left), exact(right)
    return None if not b else plain(_DECIMALS.remainder(a, b))


def div(left: Any, right: Any) -> int | None:
    """Return the quotient without its decimals."""
    a, b = exact(left), exact(right)
    return None if not b else int(_DECIMALS.divide_int(a, b))


def _rounder(turn: Callable[[Any], int]) -> Callable[[Any], int | float]:
    def change(value: Any) -> int | float:
        value = number(value)
        return value if isinstance(value, int) else float(turn(value))

    return change


def _exact_rounder(turn: Callable[[Any], int]) -> Callable[[Any], int | float]:
    return lambda value: turn(exact(value))


def _of_float(compute: Callable[..., float], allowed: Callable[..., bool] = lambda *a: True) -> Callable[..., Any]:
    def call(*values: Any) -> float | None:
        floats = [float(number(value)) for value in values]
        return finite(compute(*floats)) if allowed(*floats) else None

    return call


def _log(first: float, second: float | None = None) -> float | None:
    if second is None:
        return math.log(first) if first > 0 else None
    return math.log(second) / math.log(first) if first > 0 and first != 1 and second > 0 else None


def _pow(base: float, exponent: float) -> float:
    try:
        result = base**exponent
    except ZeroDivisionError:
        raise OverflowError("DOUBLE value is out of range") from None
    if isinstance(result, complex):
        raise OverflowError("DOUBLE value is out of range")
    return float(result)


def _shift(left: Any, right: Any, *, to_left: bool) -> int:
    bits, count = whole(left) & _BITS, whole(right)
    if not 0 <= count < 64:
        return 0
    return signed(bits << count if to_left else bits >> count)


def add(left: Any, right: Any) -> int | float:
    """Add decimals."""
    return plain(_DECIMALS.add(exact(left), exact(right)))


def subtract(left: Any, right: Any) -> int | float:
    """Subtract decimals."""
    return plain(_DECIMALS.subtract(exact(left), exact(right)))


def multiply(left: Any, right: Any) -> int | float:
    """Multiply decimals."""
    return plain(_DECIMALS.multiply(exact(left), exact(right)))


def _positive(value: float) -> bool:
    return value > 0


SCALARS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(number(value)),
    "sign": lambda value: (number(value) > 0) - (number(value) < 0),
    "round": round_float, "round_exact": round_exact,
    "truncate": truncate_float, "truncate_exact": truncate_exact,
    "floor": _rounder(math.floor), "floor_exact": _exact_rounder(math.floor),
    "ceil": _rounder(math.ceil), "ceil_exact": _exact_rounder(math.ceil),
    "mod": mod, "mod_exact": mod_exact, "div": div,
    "add": add, "subtract": subtract, "multiply": multiply,
    "sqrt": _of_float(math.sqrt, lambda value: value >= 0),
    "pow": _of_float(_pow),
    "exp": _of_float(math.exp),
    "ln": _of_float(math.log, _positive),
    "log": lambda *values: _log(*(float(number(value)) for value in values)),
    "log2": _of_float(math.log2, _positive),
    "log10": _of_float(math.log10, _positive),
    "sin": _of_float(math.sin), "cos": _of_float(math.cos), "tan": _of_float(math.tan),
    "cot": _of_float(lambda value: 1 / math.tan(value) if value else math.inf),
    "asin": _of_float(math.asin, lambda value: abs(value) <= 1),
    "acos": _of_float(math.acos, lambda value: abs(value) <= 1),
    "atan": lambda first, second=None: (
        math.atan(number(first)) if second is None else math.atan2(number(first), number(second))
    ),
    "pi": lambda: math.pi,
    "degrees": _of_float(math.degrees), "radians": _of_float(math.radians),
    "rand": random,
    "bit_count": lambda value: (whole(value) & _BITS).bit_count(),
    "bits_and": lambda left, right: signed(whole(left) & whole(right)),
    "bits_or": lambda left, right: signed(whole(left) | whole(right)),
    "bits_xor": lambda left, right: signed(whole(left) ^ whole(right)),
    "bits_not": lambda value: signed(~whole(value)),
    "bits_left": lambda left, right: _shift(left, right, to_left=True),
    "bits_right": lambda left, right: _shift(left, right, to_left=False),
}  # fmt: skip
