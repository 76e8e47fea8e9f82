"""
The writer: a value becomes a blob.

The bytes are gathered as a list of parts and joined once, so a large array is copied once, or not at all before it is
compressed. A container is a head followed by items; `_Packer.element` is the only recursion, one frame per level.
What containers hold is mostly numbers and text: those become bytes on the spot, by their exact type.
"""

from __future__ import annotations

import reprlib
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from djnb.codecs.blob.layout import (
    CHAR_TYPE,
    COMPRESS_ABOVE,
    COMPRESSED,
    DATETIME_TYPE,
    DATETIME_UNITS,
    DJ0,
    MAX_DEPTH,
    MAX_FIELDS,
    MAX_INT_BYTES,
    MYM,
    NUMERIC_TYPES,
    OBJECT_TYPE,
    Kind,
)
from djnb.codecs.blob.matlab import MatCell, MatStruct
from djnb.errors import BlobError

Array = np.ndarray[Any, np.dtype[Any]]

_IS_LITTLE = sys.byteorder == "little"
_SMALL_ARRAY = 4096
"""To spare a copy of so many bytes takes longer than to make it."""

_SIZE = struct.Struct("<Q")
_KIND_SIZE = struct.Struct("<BQ")
_KIND_INT = struct.Struct("<BH")
_ARRAY_HEAD = struct.Struct("<II")
_KIND_BOOL = struct.Struct("<B?")
_KIND_FLOAT = struct.Struct("<Bd")
_KIND_COMPLEX = struct.Struct("<Bdd")
_KIND_DATETIME = struct.Struct("<Biq")

# numpy may have two types of one size (C's long and long long), which are the same to ``dtype.str``.
_TYPE_IDS = {np.dtype(spelled).newbyteorder("=").str: type_id for type_id, spelled in NUMERIC_TYPES.items()}


def pack(value: Any, *, compress: bool = True) -> bytes:
    """
    Return a value as a blob.

    Parameters
    ----------
    value : object
        Numbers, text, bytes, None, dates and times, Decimal, UUID, numpy scalars and arrays (structured ones too),
        `MatCell`, `MatStruct`, and mappings, sequences and sets of these.
    compress : bool
        Compress where that makes the blob shorter.

    Returns
    -------
    bytes
        Equal values of equal types give equal bytes, but for the order of sets and dicts.

    Raises
    ------
    BlobError
        The value, or something inside it, has no form in a blob; the message says where it is.

    Warns
    -----
    UserWarning
        A blob cannot say all of the value: the mask of a masked array, a time zone, or nanoseconds of a timestamp.

    Notes
    -----
    What comes back is not always of the same type: other sequences become a list (if mutable) or a tuple, other
    mappings a dict, arrays of text arrays of objects, structured arrays `numpy.recarray`, bytearray bytes.

    Examples
    --------
    >>> pack({"a": 1}).hex()
    '646a30000401000000000000000a000000000000000501000000000000006104000000000000000a010001'
    """
    packer = _Packer()
    try:
        packer.element(value, 0)
    except _NotPackableError as refusal:
        raise refusal.as_error() from refusal.__cause__
    except RecursionError as error:
        raise BlobError(
            "The value cannot be packed: it is nested too deep for the calls that are running.",
            remedy="Flatten it, for example into a dict of arrays.",
        ) from error
    for note in packer.notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    packer.parts[0] = DJ0 if packer.is_dj0 else MYM
    raw = b"".join(packer.parts)
    if compress and len(raw) > COMPRESS_ABOVE:
        squeezed = b"".join((COMPRESSED, _SIZE.pack(len(raw)), zlib.compress(raw)))
        if len(squeezed) < len(raw):
            return squeezed
    return raw


class _NotPackableError(Exception):
    """A value that cannot be packed; the steps that lead to it are added on the way out."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        self.steps: list[str] = []

    def as_error(self) -> BlobError:
        steps = self.steps[::-1]
        if len(steps) > 12:
            steps = [*steps[:6], "…", *steps[-3:]]
        return BlobError(f"`value{''.join(steps)}` cannot be packed: {self.reason}.", remedy=self.remedy)


class _Children(NamedTuple):
    """What follows the head of a container."""

    values: Iterable[Any]
    step: Callable[[int], str]
    """The way from the container to a child, as Python spells it: ``['spikes']``."""
    has_sizes: bool = True


# To look up a member of an enumeration takes longer than the rest of what is done here.
_BOOL, _INT, _FLOAT, _COMPLEX, _STR, _DECIMAL = map(
    int, (Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.COMPLEX, Kind.STR, Kind.DECIMAL)
)
_NONE, _UUID = bytes((Kind.NONE,)), bytes((Kind.UUID,))


def _say_none(_: None) -> bytes:
    return _NONE


def _say_bool(value: Any) -> bytes:
    return _KIND_BOOL.pack(_BOOL, value)


def _say_int(value: int) -> bytes:
    length = value.bit_length() // 8 + 1
    if length > MAX_INT_BYTES:
        raise _NotPackableError(
            f"it is an integer of {length} bytes, and a blob holds {MAX_INT_BYTES} at most",
            "Store it as text or as bytes.",
        )
    return _KIND_INT.pack(_INT, length) + value.to_bytes(length, "little", signed=True)


def _say_float(value: float) -> bytes:
    return _KIND_FLOAT.pack(_FLOAT, value)


def _say_complex(value: complex) -> bytes:
    return _KIND_COMPLEX.pack(_COMPLEX, value.real, value.imag)


def _say_str(value: str) -> bytes:
    try:
        encoded = value.encode()
    except UnicodeEncodeError as error:
        raise _NotPackableError(
            f"the text {reprlib.repr(value)} holds half of a surrogate pair, which UTF-8 does not have",
            "Clean it with `text.encode('utf-8', 'replace').decode()`.",
        ) from error
    return _KIND_SIZE.pack(_STR, len(encoded)) + encoded


def _say_decimal(value: Decimal) -> bytes:
    encoded = str(value).encode()
    return _KIND_SIZE.pack(_DECIMAL, len(encoded)) + encoded


def _say_uuid(value: UUID) -> bytes:
    return _UUID + value.bytes


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): _say_none,
    bool: _say_bool,
    int: _say_int,
    float: _say_float,
    complex: _say_complex,
    str: _say_str,
    Decimal: _say_decimal,
    UUID: _say_uuid,
}


class _Packer:
    """
    Gathers the parts of one blob.

    Each writer puts down the head of its value, and returns what is inside it, if anything.
    """

    def __init__(self) -> None:
        self.parts: list[Any] = [b""]
        self.size = 0
        self.is_dj0 = False
        self.notes: dict[str, None] = {}
        self._writers: dict[type, Callable[[_Packer, Any], _Children | None]] = {}

    def put(self, part: Any, size: int) -> None:
        self.parts.append(part)
        self.size += size

    def element(self, value: Any, depth: int) -> None:
        """Put down a value and all that is inside it."""
        kind = type(value)
        say = _SCALARS.get(kind)
        if say is not None:
            self.scalar(say(value))
            return
        writer = _EXACT_WRITERS.get(kind) or self._writers.get(kind)
        if writer is None:
            writer = self._writers[kind] = _find_writer(value)
        children = writer(self, value)
        if children is None:
            return
        if depth >= MAX_DEPTH:
            raise _NotPackableError(
                f"it is nested more than {MAX_DEPTH} levels deep",
                "Flatten it, for example into a dict of arrays; make sure that it does not contain itself.",
            )
        index = -1
        parts, has_sizes = self.parts, children.has_sizes
        try:
            for child in children.values:
                index += 1
                if not has_sizes:
                    self.element(child, depth + 1)
                    continue
                say = _SCALARS.get(type(child))
                if say is not None:
                    said = say(child)
                    parts.append(_SIZE.pack(len(said)) + said)
                    self.size += _SIZE.size + len(said)
                    self.is_dj0 = True
                    continue
                hole = len(parts)
                parts.append(b"")
                start = self.size
                self.element(child, depth + 1)
                parts[hole] = _SIZE.pack(self.size - start)
                self.size += _SIZE.size
        except _NotPackableError as refusal:
            refusal.steps.append(children.step(index))
            raise

    def scalar(self, said: bytes) -> None:
        """Put down a value of Python's own that holds no others."""
        self.is_dj0 = True
        self.put(said, len(said))

    # ── Python's own ──

    def write_bytes(self, value: bytes | bytearray) -> None:
        self.is_dj0 = True
        self.put(_KIND_SIZE.pack(Kind.BYTES, len(value)), 9)
        self.put(value, len(value))

    def write_datetime(self, value: date | time) -> None:
        if value != value:
            raise _NotPackableError("it is NaT, which is no time at all", "Use None.")
        day, clock = -1, -1
        if isinstance(value, date):
            day = (value.year * 100 + value.month) * 100 + value.day
        if isinstance(value, (datetime, time)):
            clock = ((value.hour * 100 + value.minute) * 100 + value.second) * 1_000_000 + value.microsecond
            if value.tzinfo is not None:
                self.note(
                    "A blob keeps no time zone: an aware time was packed as its local time. Convert it to UTC first."
                )
            if getattr(value, "nanosecond", 0):
                self.note("A blob keeps microseconds of a timestamp: nanoseconds were cut off. Use `datetime64[ns]`.")
        self.scalar(_KIND_DATETIME.pack(Kind.DATETIME, day, clock))

    def write_tuple(self, value: Iterable[Any]) -> _Children:
        return self._items(Kind.TUPLE, value)

    def write_list(self, value: Iterable[Any]) -> _Children:
        return self._items(Kind.LIST, value)

    def write_set(self, value: Iterable[Any]) -> _Children:
        return self._items(Kind.SET, value)._replace(step=lambda _: "{…}")

    def _items(self, kind: Kind, values: Iterable[Any]) -> _Children:
        self.is_dj0 = True
        items = [*values]
        self.put(_KIND_SIZE.pack(kind, len(items)), 9)
        return _Children(items, "[{}]".format)

    def write_dict(self, value: Mapping[Any, Any]) -> _Children:
        self.is_dj0 = True
        pairs = [part for pair in value.items() for part in pair]
        self.put(_KIND_SIZE.pack(Kind.DICT, len(pairs) // 2), 9)
        return _Children(pairs, lambda index: f"[{reprlib.repr(pairs[index - 1])}]" if index % 2 else ".keys()")

    # ── numpy ──

    def write_array(self, value: Any) -> _Children | None:
        array = self._plain(value)
        if array.dtype.names:
            return self._structured(array, array.dtype.names)
        dtype = array.dtype
        # MATLAB has no arrays without dimensions; characters are the exception that DataJoint makes.
        if array.ndim == 0 and dtype.kind != "S":
            self.is_dj0 = True
        if dtype.kind in "OU":
            self.is_dj0 = True
            self._array_head(array, OBJECT_TYPE)
            return self._array_items(array)
        if dtype.kind == "S" and dtype.itemsize == 1:
            self._array_head(array, CHAR_TYPE)
            self._array_data(array.view(np.uint8).astype(np.uint16))
        elif dtype.kind == "M":
            self.is_dj0 = True
            unit, step = np.datetime_data(dtype)
            if unit not in DATETIME_UNITS or step != 1 or not dtype.isnative:
                raise _refuse_dtype(dtype)
            self._array_head(array, DATETIME_TYPE + DATETIME_UNITS.index(unit))
            self._array_data(array.view(np.int64))
        elif dtype.kind == "c" and array.real.dtype.str in _TYPE_IDS:
            self._array_head(array, _TYPE_IDS[array.real.dtype.str], is_complex=True)
            self._array_data(array.real)
            self._array_data(array.imag)
        elif dtype.str in _TYPE_IDS:
            self._array_head(array, _TYPE_IDS[dtype.str])
            self._array_data(array)
        else:
            raise _refuse_dtype(dtype)
        return None

    def write_cell(self, value: MatCell) -> _Children:
        self._shape(Kind.MAT_CELL, value)
        return self._array_items(np.asarray(value))

    def write_struct(self, value: MatStruct) -> _Children:
        array = np.asarray(value)
        names = array.dtype.names
        if names is None:
            raise _refuse_dtype(array.dtype)
        self._shape(Kind.MAT_STRUCT, value)
        self._names(names)
        flat = array.ravel(order="F")
        cells = [cell for row in zip(*(flat[name] for name in names), strict=True) for cell in row]
        place = _index_step(array)

        def step(index: int) -> str:
            return f"{place(index // len(names))}[{names[index % len(names)]!r}]"

        return _Children(cells, step)

    def _structured(self, array: Array, names: Sequence[str]) -> _Children:
        self.is_dj0 = True
        self.put(bytes((Kind.STRUCTURED,)), 1)
        self._names(names)
        for name in names:
            if array.dtype[name].subdtype is not None:
                raise _NotPackableError(
                    f"the field {name!r} of the structured array holds an array in each row, which a blob cannot say",
                    "Pack a dict of its fields, `{name: x[name] for name in x.dtype.names}`.",
                )
        return _Children([array[name] for name in names], lambda index: f"[{names[index]!r}]", has_sizes=False)

    def _plain(self, value: Any) -> Array:
        """Return an array of numpy's base class; what that loses is noted."""
        if isinstance(value, np.ma.MaskedArray):
            if value is np.ma.masked:
                raise _NotPackableError("it is a masked value, which is no value at all", "Use None or NaN.")
            if np.ma.is_masked(value):
                self.note(
                    "A blob keeps no masks: masked values were packed as the array's fill value. "
                    "Pack `x.filled(numpy.nan)`, or `x.data` and `x.mask`."
                )
            return np.asarray(value.filled())
        return np.asarray(value)

    def _shape(self, kind: Kind, array: Array) -> None:
        head = struct.pack(f"<B{1 + array.ndim}Q", kind, array.ndim, *array.shape)
        self.put(head, len(head))

    def _array_head(self, array: Array, type_id: int, *, is_complex: bool = False) -> None:
        self._shape(Kind.ARRAY, array)
        self.put(_ARRAY_HEAD.pack(type_id, is_complex), 8)

    def _array_items(self, array: Array) -> _Children:
        return _Children(array.ravel(order="F"), _index_step(array))

    def _array_data(self, array: Array) -> None:
        if array.nbytes <= _SMALL_ARRAY and _IS_LITTLE and array.dtype.isnative:
            self.put(array.tobytes("F"), array.nbytes)
            return
        # The transpose in C order is the array in Fortran order: no copy if it lies in memory like that, and always
        # so with one dimension. The view as bytes is joined, and copied, at the end.
        flat = np.ascontiguousarray(array.T).reshape(-1)
        little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
        self.put(little.view(np.uint8), little.nbytes)

    def _names(self, names: Sequence[str]) -> None:
        if len(names) > MAX_FIELDS:
            raise _NotPackableError(
                f"it has {len(names)} fields, and a blob holds {MAX_FIELDS} at most", "Use a dict of arrays."
            )
        unfit = [name for name in names if "\0" in name]
        if unfit:
            raise _NotPackableError(f"its field {unfit[0]!r} has a zero character in its name", "Rename the field.")
        joined = b"".join(name.encode() + b"\0" for name in names)
        self.put(struct.pack("<I", len(names)) + joined, 4 + len(joined))

    def note(self, text: str) -> None:
        self.notes[text] = None


def _index_step(array: Array) -> Callable[[int], str]:
    def step(index: int) -> str:
        places = np.unravel_index(index, array.shape, order="F")
        return f"[{', '.join(str(place) for place in places)}]" if places else "[()]"

    return step


def _as_writer(say: Callable[[Any], bytes]) -> Callable[[_Packer, Any], None]:
    def write(packer: _Packer, value: Any) -> None:
        packer.scalar(say(value))

    return write


# The order matters: bool is an int, numpy.float64 a float, datetime a date, text and bytes are sequences.
_WRITERS: tuple[tuple[Any, Callable[[_Packer, Any], _Children | None]], ...] = (
    (MatCell, _Packer.write_cell),
    (MatStruct, _Packer.write_struct),
    ((np.ndarray, np.number, np.datetime64, np.bool_), _Packer.write_array),
    (bool, _as_writer(_say_bool)),
    (int, _as_writer(_say_int)),
    (complex, _as_writer(_say_complex)),
    (float, _as_writer(_say_float)),
    ((date, time), _Packer.write_datetime),
    (Decimal, _as_writer(_say_decimal)),
    (UUID, _as_writer(_say_uuid)),
    (Mapping, _Packer.write_dict),
    (str, _as_writer(_say_str)),
    ((bytes, bytearray), _Packer.write_bytes),
    (MutableSequence, _Packer.write_list),
    (Sequence, _Packer.write_tuple),
    (Set, _Packer.write_set),
    (type(None), _as_writer(_say_none)),
)


_EXACT_WRITERS: dict[type, Callable[[_Packer, Any], _Children | None]] = {
    dict: _Packer.write_dict,
    list: _Packer.write_list,
    tuple: _Packer.write_tuple,
    np.ndarray: _Packer.write_array,
}
"""Of the types that most values have; the others are looked for among the classes above."""


def _find_writer(value: Any) -> Callable[[_Packer, Any], _Children | None]:
    for classes, writer in _WRITERS:
        if isinstance(value, classes):
            return writer
    kind = type(value)
    raise _NotPackableError(f"a blob has no form for `{kind.__module__}.{kind.__qualname__}`", _advise(value))


def _advise(value: Any) -> str:
    module = type(value).__module__.partition(".")[0]
    if isinstance(value, timedelta):
        return "Store the seconds, `x.total_seconds()`."
    if isinstance(value, np.void):
        return "Keep the row as an array of one: `x[i : i + 1]` instead of `x[i]`."
    if isinstance(value, PurePath):
        return "Store `str(path)`, or the file itself with the codec `attach` or `filepath`."
    if module == "pandas":
        return "Store `x.to_dict('list')`, `x.to_numpy()`, or rows of a table of its own."
    if hasattr(type(value), "__array__"):
        return "Store `numpy.asarray(x)`."
    if hasattr(type(value), "__next__"):
        return "Store `list(x)`."
    return "Store what it is made of: numbers, text, arrays, lists and dicts of these; or write a `dj.Codec` for it."


def _refuse_dtype(dtype: np.dtype[Any]) -> _NotPackableError:
    remedy = "Convert it to a type of numbers, or to a list."
    if dtype.kind == "m":
        remedy = "Store the number of units, `x / numpy.timedelta64(1, 's')` for seconds."
    elif dtype.kind == "M" and dtype.isnative:
        remedy = "Convert it to a plain unit, `x.astype('datetime64[ns]')`."
    elif not dtype.isnative:
        remedy = "Convert it to this machine's byte order, `x.astype(x.dtype.newbyteorder('='))`."
    elif dtype.kind == "f":
        remedy = f"Convert it, `x.astype('{'float32' if dtype.itemsize == 2 else 'float64'}')`."
    elif dtype.kind == "c":
        remedy = "Convert it, `x.astype('complex128')`."
    elif dtype.kind in "ST":
        remedy = "Convert text with `x.astype(str)`; keep bytes as a list, `x.tolist()`."
    return _NotPackableError(f"a blob has no form for arrays of `{dtype}`", remedy)
