"""
The reader: a blob becomes a value.

The bytes may come from anybody: a shared database, a file on the web. So every length is compared with the bytes
that are left before anything is made of that size, nesting is bounded, and whatever does not fit is a `BlobError`.

A reader of one kind returns the value, or, for a container, what it takes to build it from its items.
`_Reader.element` is the only recursion, one frame per level.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

import numpy as np

from djnb.codecs.blob.layout import (
    BOOL_TYPE,
    CHAR_TYPE,
    COMPRESSED,
    DATETIME_TYPE,
    DATETIME_UNITS,
    DJ0,
    MATLAB_TYPES,
    MAX_DEFLATE_RATIO,
    MAX_DEPTH,
    MAX_FIELDS,
    MAX_INFLATED,
    MAX_NDIM,
    MAX_RATIO_OF_LARGE,
    MYM,
    NUMERIC_TYPES,
    OBJECT_TYPE,
    Kind,
)
from djnb.codecs.blob.matlab import MatCell, MatStruct
from djnb.errors import BlobError

Array = np.ndarray[Any, np.dtype[Any]]

_FLOAT = struct.Struct("<d")
_COMPLEX = struct.Struct("<dd")
_SIZE, _SHORT_SIZE = struct.Struct("<Q"), struct.Struct("<I")
_ARRAY_HEAD = struct.Struct("<II")
_ARRAY = int(Kind.ARRAY)
_PROTOCOLS = (MYM, DJ0)

_DTYPES = {type_id: np.dtype(spelled) for type_id, spelled in NUMERIC_TYPES.items()}

_MAX_COLLISIONS = 100
_LARGE = 2**20

_REMEDY = "If it was whole once, restore it from a backup, or delete the row and populate it again."


def unpack(
    data: bytes | bytearray | memoryview,
    *,
    squeeze: bool = False,
    use_32bit_dims: bool = False,
    is_trusted: bool = False,
) -> Any:
    """
    Return the value of a blob.

    Parameters
    ----------
    data : bytes
        As `pack` made them, or mYm in MATLAB, or another DataJoint.
    squeeze : bool
        Drop the dimensions of length one, and turn an array of one element into a Python scalar, as suits what
        MATLAB wrote.
    use_32bit_dims : bool
        Read lengths and dimensions of four bytes, as very old mYm wrote them.
    is_trusted : bool
        Inflate a compressed blob to whatever it announces. Else one that would be more than 1 GiB, and more than a
        hundred times its length, is refused: a few megabytes, which anybody can write, would take all memory.

    Returns
    -------
    object
        Arrays are new and writable, in Fortran order.

    Raises
    ------
    BlobError
        The bytes are not a blob, or a damaged one. No bytes lead to anything worse.

    Examples
    --------
    >>> from djnb.codecs.blob import pack
    >>> unpack(pack({"x": [1, 2.5]}))
    {'x': [1, 2.5]}
    """
    try:
        view = memoryview(data).cast("B")
    except (TypeError, ValueError) as error:
        raise BlobError(
            f"A blob is bytes, and this is `{type(data).__qualname__}`.",
            remedy="Give `unpack` what `pack` returned, or what a column of raw bytes holds.",
        ) from error
    length = _SHORT_SIZE if use_32bit_dims else _SIZE
    if bytes(view[: len(COMPRESSED)]) == COMPRESSED:
        view = memoryview(_inflate(view[len(COMPRESSED) :], length, is_trusted=is_trusted))
    if bytes(view[:4]) not in _PROTOCOLS:
        raise BlobError(
            f"The bytes are not a blob: they start {bytes(view[:8])!r}, where a blob says which protocol it follows.",
            remedy="A column of raw bytes is declared `bytes`; a packed one is `<blob>`.",
        )
    reader = _Reader(view, length, squeeze=squeeze)
    try:
        value = reader.element(0)
        if reader.at != len(view):
            reader.fail(f"{len(view) - reader.at} bytes follow the end of the value")
    except RecursionError as error:
        raise BlobError(
            "The blob cannot be read: it is nested too deep for the calls that are running.",
            remedy="Unpack it nearer to the top of the program.",
        ) from error
    except (ValueError, TypeError, OverflowError, InvalidOperation) as error:
        # A date of month 13, text that is not UTF-8, a list as a key, a shape beyond numpy.
        raise reader.damage(str(error) or type(error).__name__) from error
    return value


def _inflate(data: memoryview, length: struct.Struct, *, is_trusted: bool) -> bytes:
    if len(data) < length.size:
        raise BlobError("The compressed blob is damaged: it ends within its head.", remedy=_REMEDY)
    (size,) = length.unpack_from(data)
    stream = data[length.size :]
    # A size that no stream of this length can have is not even tried. One byte more than the size is allowed to come,
    # so that a stream which inflates to more is found out after that byte.
    if size > MAX_DEFLATE_RATIO * len(stream):
        raise BlobError(
            f"The compressed blob is damaged: it says that it inflates to {size} bytes, "
            f"which {len(stream)} bytes cannot.",
            remedy=_REMEDY,
        )
    if size > max(MAX_INFLATED, MAX_RATIO_OF_LARGE * len(stream)) and not is_trusted:
        raise BlobError(
            f"The compressed blob of {len(data)} bytes would take {size} bytes of memory.",
            remedy="If it is yours, unpack its bytes by `djnb.codecs.blob.unpack(data, is_trusted=True)`.",
        )
    inflater = zlib.decompressobj()
    try:
        # What is no blob is found out by its first bytes, not after gigabytes; of a small one, that costs more.
        head = zlib.decompressobj().decompress(stream[:1024], 4) if size > _LARGE else b""
        if len(head) == 4 and head not in _PROTOCOLS:
            raise BlobError(f"The compressed bytes are not a blob: they start {head!r}.", remedy=_REMEDY)
        raw = inflater.decompress(stream, size + 1)
    except zlib.error as error:
        raise BlobError(f"The compressed blob is damaged: {error}.", remedy=_REMEDY) from error
    if len(raw) != size or not inflater.eof:
        raise BlobError(
            f"The compressed blob is damaged: it says that it inflates to {size} bytes, but it "
            f"{'has more' if len(raw) > size else f'ends after {len(raw)}'}.",
            remedy=_REMEDY,
        )
    return raw


class _Pending(NamedTuple):
    """A container whose head has been read."""

    length: int
    build: Callable[[list[Any]], Any]
    is_fields: bool = False
    """The items are arrays without sizes: the fields of a structured array."""


class _Unread:
    """What is said of bytes that are not, from end to end, the value that they announce."""


_UNREAD = _Unread()


def _none_of(data: memoryview, length: struct.Struct) -> _Unread | None:
    return _UNREAD if data else None


def _bool_of(data: memoryview, length: struct.Struct) -> bool | _Unread:
    return bool(data[0]) if len(data) == 1 and data[0] < 2 else _UNREAD


def _int_of(data: memoryview, length: struct.Struct) -> int | _Unread:
    if len(data) < 2 or len(data) != 2 + data[0] + 256 * data[1]:
        return _UNREAD
    return int.from_bytes(data[2:], "little", signed=True)


def _float_of(data: memoryview, length: struct.Struct) -> float | _Unread:
    if len(data) != 8:
        return _UNREAD
    value: float = _FLOAT.unpack(data)[0]
    return value


def _str_of(data: memoryview, length: struct.Struct) -> str | _Unread:
    if len(data) < length.size or length.unpack_from(data)[0] != len(data) - length.size:
        return _UNREAD
    return str(data[length.size :], "utf-8")


_SCALARS: dict[int, Callable[[memoryview, struct.Struct], Any]] = {
    int(Kind.NONE): _none_of,
    int(Kind.BOOL): _bool_of,
    int(Kind.INT): _int_of,
    int(Kind.FLOAT): _float_of,
    int(Kind.STR): _str_of,
}
"""What reads an item that is the whole of some bytes, without a step for each of its parts."""


class _Reader:
    """Goes through one blob; ``at`` is where it is, ``end`` where the item ends that it is in."""

    def __init__(self, view: memoryview, length: struct.Struct, *, squeeze: bool) -> None:
        self.view = view
        self.at = 4
        self.end = len(view)
        self._length = length
        self._squeeze = squeeze

    def element(self, depth: int, *, is_field: bool = False) -> Any:
        """Return the value that starts here."""
        if self.at >= self.end:
            self.fail("1 bytes are announced where 0 are left")
        kind = self.view[self.at]
        self.at += 1
        read = _READERS.get(kind)
        if read is None:
            self.fail(f"0x{kind:02x} is no kind of value")
        if is_field and kind not in (Kind.ARRAY, Kind.STRUCTURED):
            self.fail("a field of a structured array is not an array")
        value = read(self)
        if type(value) is _Pending:
            if depth >= MAX_DEPTH:
                raise BlobError(
                    f"The blob is nested more than {MAX_DEPTH} levels deep.", remedy="djnb does not read such blobs."
                )
            value = value.build(self.items(value, depth + 1))
        if kind == _ARRAY and not is_field:
            return self.present(value)
        return value

    def items(self, pending: _Pending, depth: int) -> list[Any]:
        # No item is shorter than its size and one byte.
        shortest = 1 if pending.is_fields else self._length.size + 1
        if pending.length * shortest > self.end - self.at:
            self.fail(f"{pending.length} items are announced where {self.end - self.at} bytes are left")
        if pending.is_fields:
            return [self.element(depth, is_field=True) for _ in range(pending.length)]
        values = []
        outer, view, length = self.end, self.view, self._length
        for _ in range(pending.length):
            if outer - self.at < length.size:
                self.fail(f"{length.size} bytes are announced where {outer - self.at} are left")
            (size,) = length.unpack_from(view, self.at)
            self.at += length.size
            if size > outer - self.at:
                self.fail(f"an item of {size} bytes is announced where {outer - self.at} are left")
            end = self.at + size
            # Most items are numbers and texts: those are read on the spot, if they are as long as they say.
            read = _SCALARS.get(view[self.at]) if size else None
            if read is not None:
                value = read(view[self.at + 1 : end], length)
                if value is not _UNREAD:
                    values.append(value)
                    self.at = end
                    continue
            self.end = end
            values.append(self.element(depth))
            if self.at != self.end:
                self.fail(f"an item ends {self.end - self.at} bytes too early")
            self.end = outer
        return values

    # ── pieces ──

    def take(self, size: int) -> memoryview:
        if size > self.end - self.at:
            self.fail(f"{size} bytes are announced where {self.end - self.at} are left")
        start = self.at
        self.at += size
        return self.view[start : self.at]

    def number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

    def size(self) -> int:
        size: int = self._length.unpack(self.take(self._length.size))[0]
        return size

    def shape(self) -> tuple[tuple[int, ...], int]:
        """Return the shape of an array, and how many elements it announces."""
        ndim = self.size()
        if ndim > MAX_NDIM:
            self.fail(f"an array of {ndim} dimensions is announced")
        shape = tuple([self.size() for _ in range(ndim)])
        return shape, math.prod(shape)

    def names(self) -> list[str]:
        count = self.number(4)
        if count > min(MAX_FIELDS, self.end - self.at):
            self.fail(f"{count} fields are announced")
        return [self._name() for _ in range(count)]

    def _name(self) -> str:
        start = self.at
        while self.number(1):
            pass
        if self.at == start + 1:
            self.fail("a field has no name")
        return str(self.view[start : self.at - 1], "utf-8")

    def damage(self, reason: str) -> BlobError:
        return BlobError(f"The blob is damaged at byte {self.at}: {reason}.", remedy=_REMEDY)

    def fail(self, reason: str) -> NoReturn:
        raise self.damage(reason)

    # ── Python's own ──

    def read_none(self) -> None:
        return None

    def read_bool(self) -> bool:
        value = self.number(1)
        if value > 1:
            self.fail(f"{value} is no truth value")
        return bool(value)

    def read_int(self) -> int:
        return self.number(self.number(2), signed=True)

    def read_float(self) -> float:
        (value,) = _FLOAT.unpack(self.take(8))
        return float(value)

    def read_complex(self) -> complex:
        return complex(*_COMPLEX.unpack(self.take(16)))

    def read_str(self) -> str:
        return str(self.take(self.size()), "utf-8")

    def read_bytes(self) -> bytes:
        return bytes(self.take(self.size()))

    def read_decimal(self) -> Decimal:
        return Decimal(str(self.take(self.size()), "ascii"))

    def read_uuid(self) -> UUID:
        return UUID(bytes=bytes(self.take(16)))

    def read_datetime(self) -> date | time:
        day, clock = self.number(4, signed=True), self.number(8, signed=True)
        if day == clock == -1:
            self.fail("a date is announced, and neither a day nor a time is there")
        if day != -1:
            in_day = date(day // 10_000, day // 100 % 100, day % 100)
        if clock != -1:
            clock, microsecond = divmod(clock, 1_000_000)
            in_clock = time(clock // 10_000, clock // 100 % 100, clock % 100, microsecond)
        if clock == -1:
            return in_day
        return in_clock if day == -1 else datetime.combine(in_day, in_clock)

    def read_list(self) -> _Pending:
        return _Pending(self.size(), lambda values: values)

    def read_tuple(self) -> _Pending:
        return _Pending(self.size(), tuple)

    def read_set(self) -> _Pending:
        return _Pending(self.size(), lambda values: set(self._hashable(values)))

    def read_dict(self) -> _Pending:
        return _Pending(
            2 * self.size(), lambda values: dict(zip(self._hashable(values[::2]), values[1::2], strict=True))
        )

    def _hashable(self, values: list[Any]) -> list[Any]:
        """Return members of a set, or keys of a dict: what was packed as a frozenset is one again."""
        frozen = [value if type(value) is str else _freeze(value) for value in values]
        # Thousands of numbers with one hash never come about by chance, and would take a set ages to tell apart.
        if len(frozen) > _MAX_COLLISIONS and max(Counter(map(hash, frozen)).values()) > _MAX_COLLISIONS:
            self.fail("members of a set, or keys of a dict, were chosen to have the same hash")
        return frozen

    # ── arrays ──

    def read_array(self) -> Array | _Pending:
        shape, count = self.shape()
        type_id, is_complex = _ARRAY_HEAD.unpack(self.take(_ARRAY_HEAD.size))
        if is_complex > 1 or (is_complex and type_id in (BOOL_TYPE, CHAR_TYPE, OBJECT_TYPE)):
            self.fail("an array has an impossible mark for complex numbers")
        if type_id == OBJECT_TYPE:
            return _Pending(count, lambda values: _objects(values).reshape(shape, order="F"))
        if is_complex:
            flat = self._complex_numbers(self._dtype(type_id), count)
        elif type_id == CHAR_TYPE:
            # MATLAB's characters are units of UTF-16, numpy's are code points.
            flat = self._numbers(np.dtype("<u2"), count).astype(np.uint32).view("U1")
        elif type_id == BOOL_TYPE:
            flat = self._numbers(np.dtype("u1"), count).astype(bool)
        else:
            flat = self._numbers(self._dtype(type_id), count)
        return flat.reshape(shape, order="F")

    def _dtype(self, type_id: int) -> np.dtype[Any]:
        if type_id in _DTYPES:
            return _DTYPES[type_id]
        if 0 <= type_id - DATETIME_TYPE < len(DATETIME_UNITS):
            return np.dtype(f"<M8[{DATETIME_UNITS[type_id - DATETIME_TYPE]}]")
        if type_id in MATLAB_TYPES:
            self.fail(f"an array of {MATLAB_TYPES[type_id]} of MATLAB cannot be read")
        raise self.damage(f"{type_id} is no type of arrays")

    def _numbers(self, dtype: np.dtype[Any], count: int) -> Array:
        data = self.take(count * dtype.itemsize)
        # numpy takes no empty buffers. The cast is the one copy: it makes the array writable and its own owner.
        flat = np.frombuffer(data, dtype) if count else np.empty(0, dtype)
        return flat.copy() if dtype.isnative else flat.astype(dtype.newbyteorder("="))

    def _complex_numbers(self, dtype: np.dtype[Any], count: int) -> Array:
        if dtype.kind == "M":
            self.fail("an array has an impossible mark for complex numbers")
        real, imaginary = self._numbers(dtype, count), self._numbers(dtype, count)
        flat = np.empty(count, np.result_type(dtype, np.complex64))
        # Not real + 1j * imaginary, which makes NaN of infinities.
        flat.real, flat.imag = real, imaginary
        return flat

    def read_structured(self) -> _Pending:
        names = self.names()
        if not names:
            self.fail("a structured array has no fields")
        return _Pending(len(names), lambda fields: self._structured(names, fields), is_fields=True)

    def _structured(self, names: list[str], fields: Sequence[Array]) -> Array:
        # A field may have more dimensions than the array: it holds an array in each row. djnb does not write that.
        shape = min((field.shape for field in fields), key=len)
        if any(field.shape[: len(shape)] != shape for field in fields):
            self.fail("the fields of a structured array differ in shape")
        dtype = [(name, field.dtype, field.shape[len(shape) :]) for name, field in zip(names, fields, strict=True)]
        array = np.empty(shape, np.dtype(dtype))
        for name, field in zip(names, fields, strict=True):
            array[name] = field
        return self._squeezed(array).view(np.recarray)

    def read_mat_cell(self) -> _Pending:
        shape, count = self.shape()
        return _Pending(count, lambda values: self._squeezed(_objects(values).reshape(shape, order="F")).view(MatCell))

    def read_mat_struct(self) -> Array | _Pending:
        shape, count = self.shape()
        names = self.names()
        if not names:
            return np.array(None)

        def build(values: list[Any]) -> Array:
            flat = np.empty(count, np.dtype([(name, object) for name in names]))
            for place, name in enumerate(names):
                flat[name] = _objects(values[place :: len(names)])
            return self._squeezed(flat.reshape(shape, order="F")).view(MatStruct)

        return _Pending(count * len(names), build)

    def read_sparse(self) -> NoReturn:
        raise BlobError(
            "The blob holds a sparse array of MATLAB, which cannot be read.", remedy="Store `full(x)` from MATLAB."
        )

    def _squeezed(self, array: Array) -> Array:
        return array.squeeze() if self._squeeze else array

    def present(self, array: Array) -> Any:
        """Return an array as users see it: characters in a line are a text, an array without dimensions a scalar."""
        if array.dtype.kind == "U" and (array.ndim == 1 or (array.ndim == 2 and array.shape[0] == 1)):
            units = array.reshape(-1).view(np.uint32).astype("<u2").tobytes()
            array = np.array([units.decode("utf-16-le", "surrogatepass")])
        if self._squeeze and array.size == 1:
            return array.item()
        if array.ndim == 0 and array.dtype.kind not in "OU":
            return array[()]
        return self._squeezed(array)


_READERS: dict[int, Callable[[_Reader], Any]] = {
    Kind.ARRAY: _Reader.read_array,
    Kind.SPARSE: _Reader.read_sparse,
    Kind.MAT_STRUCT: _Reader.read_mat_struct,
    Kind.MAT_CELL: _Reader.read_mat_cell,
    Kind.NONE: _Reader.read_none,
    Kind.TUPLE: _Reader.read_tuple,
    Kind.LIST: _Reader.read_list,
    Kind.SET: _Reader.read_set,
    Kind.DICT: _Reader.read_dict,
    Kind.STR: _Reader.read_str,
    Kind.BYTES: _Reader.read_bytes,
    Kind.INT: _Reader.read_int,
    Kind.BOOL: _Reader.read_bool,
    Kind.COMPLEX: _Reader.read_complex,
    Kind.FLOAT: _Reader.read_float,
    Kind.STRUCTURED: _Reader.read_structured,
    Kind.DECIMAL: _Reader.read_decimal,
    Kind.DATETIME: _Reader.read_datetime,
    Kind.UUID: _Reader.read_uuid,
}


def _objects(values: Sequence[Any]) -> Array:
    # Element by element: given a list, numpy would make one array of the arrays in it.
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return array


def _freeze(value: Any) -> Any:
    if isinstance(value, set):
        return frozenset(value)
    if isinstance(value, tuple):
        return tuple(_freeze(member) for member in value)
    return value
