"""Values of every kind that a blob holds, the same in both worlds for one seed, and how to compare them."""

from __future__ import annotations

import struct
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np

_DTYPES = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
_LETTERS = "aZ09 _-'\"\\%:\n\x00éßλ日本語😀"


class Generator:
    """
    Makes values.

    Parameters
    ----------
    seed : int
        The same seed gives the same values.
    """

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def value(self, depth=0):
        """Return any value; containers nest at most three deep."""
        kinds = [
            self.integer, self.floating, self.complex, self.boolean, self.text, self.octets, self.nothing,
            self.day, self.moment, self.time_of_day, self.decimal, self.uuid, self.array, self.array,
            self.scalar, self.structured, self.times, self.texts,
        ]  # fmt: skip
        if depth < 3:
            kinds += [self.list, self.tuple, self.dict, self.dict, self.set, self.objects]
        make = kinds[self.random.integers(len(kinds))]
        return make(depth) if make in (self.list, self.tuple, self.dict, self.objects) else make()

    def integer(self):
        return int(self.random.choice([-1, 1])) * int(self.random.integers(2**62)) ** int(self.random.integers(4))

    def floating(self):
        return float(self.random.choice([0.0, -0.0, 1.5, np.inf, -np.inf, np.nan, self.random.normal(), 5e-324]))

    def complex(self):
        return complex(self.random.normal(), self.random.normal())

    def boolean(self):
        return bool(self.random.integers(2))

    def text(self):
        return "".join(_LETTERS[i] for i in self.random.integers(len(_LETTERS), size=self.random.integers(30)))

    def octets(self):
        return self.random.bytes(int(self.random.integers(40)))

    def nothing(self):
        return None

    def day(self):
        return date(1900, 1, 1) + timedelta(days=int(self.random.integers(80_000)))

    def moment(self):
        return datetime(1900, 1, 1) + timedelta(
            days=int(self.random.integers(80_000)), microseconds=int(self.random.integers(86_400_000_000))
        )

    def time_of_day(self):
        return self.moment().time()

    def decimal(self):
        return Decimal(int(self.random.integers(-(10**15), 10**15))).scaleb(-int(self.random.integers(12)))

    def uuid(self):
        return UUID(bytes=self.random.bytes(16))

    def array(self):
        # Dimensions of up to 12 give arrays both shorter and longer than what is compressed.
        shape = tuple(int(n) for n in self.random.integers(0, 12, size=self.random.integers(1, 4)))
        dtype = np.dtype(_DTYPES[self.random.integers(len(_DTYPES))])
        values = (self.random.normal(size=shape) * 50).astype("complex128" if dtype.kind == "c" else "float64")
        if dtype.kind == "u":
            values = abs(values)
        return np.asarray(values.astype(dtype), order="F" if self.random.integers(2) else "C")

    def scalar(self):
        return np.dtype(_DTYPES[self.random.integers(1, 11)]).type(int(self.random.integers(100)))

    def structured(self):
        rows = np.zeros(int(self.random.integers(1, 5)), dtype=[("n", "i4"), ("x", "f8"), ("ok", "?")])
        rows["n"] = self.random.integers(100, size=len(rows))
        rows["x"] = self.random.normal(size=len(rows))
        return rows.view(np.recarray)

    def times(self):
        unit = str(self.random.choice(["D", "s", "ms", "us", "ns"]))
        return self.random.integers(0, 10**9, size=int(self.random.integers(1, 5))).astype(f"datetime64[{unit}]")

    def texts(self):
        # Arrays of text come back as arrays of objects.
        return np.array([self.text() for _ in range(self.random.integers(1, 4))], dtype=object)

    def objects(self, depth):
        found = np.empty(int(self.random.integers(1, 4)), dtype=object)
        for index in range(len(found)):
            item = self.value(depth + 1)
            # DataJoint cannot read arrays of objects that are sequences: it makes further dimensions of them.
            found[index] = None if isinstance(item, (np.ndarray, np.generic, list, tuple)) else item
        return found

    def list(self, depth):
        return [self.value(depth + 1) for _ in range(self.random.integers(5))]

    def tuple(self, depth):
        return tuple(self.list(depth))

    def set(self):
        return {self.integer() for _ in range(self.random.integers(5))}

    def dict(self, depth):
        return {self.text(): self.value(depth + 1) for _ in range(self.random.integers(5))}


def generated(seed, count):
    """Return values of all kinds, `count` of them."""
    generator = Generator(seed)
    return [generator.value() for _ in range(count)]


def difference(left, right, where="value"):
    """Return where and how two values differ, types included; None if they are equal. NaN equals NaN."""
    if type(left) is not type(right):
        return f"{where}: {type(left).__name__} and {type(right).__name__}"
    if isinstance(left, (np.ndarray, np.generic)):
        if left.dtype != right.dtype or left.shape != right.shape:
            return f"{where}: {left.dtype}{left.shape} and {right.dtype}{right.shape}"
        if left.dtype == object:
            return _first(left.ravel().tolist(), right.ravel().tolist(), where)
        if left.dtype.names:
            return _first([left[n] for n in left.dtype.names], [right[n] for n in left.dtype.names], where)
        return None if left.tobytes() == right.tobytes() else f"{where}: {left!r} and {right!r}"
    if isinstance(left, (list, tuple)):
        return f"{where}: {len(left)} and {len(right)} items" if len(left) != len(right) else _first(left, right, where)
    if isinstance(left, dict):
        return difference(list(left.items()), list(right.items()), where)
    if isinstance(left, float):
        same = struct.pack("<d", left) == struct.pack("<d", right) or (left != left and right != right)
        return None if same else f"{where}: {left!r} and {right!r}"
    if isinstance(left, complex):
        return difference((left.real, left.imag), (right.real, right.imag), where)
    return None if left == right else f"{where}: {left!r} and {right!r}"


def _first(left, right, where):
    found = (difference(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(left, right, strict=True)))
    return next((text for text in found if text is not None), None)
