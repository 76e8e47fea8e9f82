"""Arrays of numpy, structured ones too, and MATLAB's containers: their heads, their numbers, what is inside them."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from djnb.codecs.blob.layout import (
    ARRAY_HEAD,
    CHAR_TYPE,
    DATETIME_TYPE,
    DATETIME_UNITS,
    MAX_FIELDS,
    NUMERIC_TYPES,
    OBJECT_TYPE,
    Kind,
)
from djnb.codecs.blob.matlab import MatCell, MatStruct
from djnb.codecs.blob.packing.parts import Children, Parts
from djnb.codecs.blob.packing.refusal import NotPackableError, refuse_dtype

Array = np.ndarray[Any, np.dtype[Any]]

_IS_LITTLE = sys.byteorder == "little"
_SMALL_ARRAY = 4096
"""To spare a copy of so many bytes takes longer than to make it."""

# numpy may have two types of one size (C's long and long long), which are the same to ``dtype.str``.
_TYPE_IDS = {np.dtype(spelled).newbyteorder("=").str: type_id for type_id, spelled in NUMERIC_TYPES.items()}


def write_array(parts: Parts, value: Any) -> Children | None:
    """Put down an array or a scalar of numpy; objects and text in it are left to be written, and so are fields."""
    array = _plain(parts, value)
    if array.dtype.names:
        return _structured(parts, array, array.dtype.names)
    dtype = array.dtype
    # MATLAB has no arrays without dimensions; characters are the exception that DataJoint makes.
    if array.ndim == 0 and dtype.kind != "S":
        parts.is_dj0 = True
    if dtype.kind in "OU":
        parts.is_dj0 = True
        _array_head(parts, array, OBJECT_TYPE)
        return _array_items(array)
    if dtype.kind == "S" and dtype.itemsize == 1:
        _array_head(parts, array, CHAR_TYPE)
        _array_data(parts, array.view(np.uint8).astype(np.uint16))
    elif dtype.kind == "M":
        parts.is_dj0 = True
        unit, step = np.datetime_data(dtype)
        if unit not in DATETIME_UNITS or step != 1 or not dtype.isnative:
            raise refuse_dtype(dtype)
        _array_head(parts, array, DATETIME_TYPE + DATETIME_UNITS.index(unit))
        _array_data(parts, array.view(np.int64))
    elif dtype.kind == "c" and array.real.dtype.str in _TYPE_IDS:
        _array_head(parts, array, _TYPE_IDS[array.real.dtype.str], is_complex=True)
        _array_data(parts, array.real)
        _array_data(parts, array.imag)
    elif dtype.str in _TYPE_IDS:
        _array_head(parts, array, _TYPE_IDS[dtype.str])
        _array_data(parts, array)
    else:
        raise refuse_dtype(dtype)
    return None


def write_cell(parts: Parts, value: MatCell) -> Children:
    """Put down the head of a cell of MATLAB."""
    _shape(parts, Kind.MAT_CELL, value)
    return _array_items(np.asarray(value))


def write_struct(parts: Parts, value: MatStruct) -> Children:
    """Put down the head of a struct of MATLAB, and the names of its fields."""
    array = np.asarray(value)
    names = array.dtype.names
    if names is None:
        raise refuse_dtype(array.dtype)
    _shape(parts, Kind.MAT_STRUCT, value)
    _names(parts, names)
    flat = array.ravel(order="F")
    cells = [cell for row in zip(*(flat[name] for name in names), strict=True) for cell in row]
    place = _index_step(array)

    def step(index: int) -> str:
        return f"{place(index // len(names))}[{names[index % len(names)]!r}]"

    return Children(cells, step)


def _structured(parts: Parts, array: Array, names: Sequence[str]) -> Children:
    parts.is_dj0 = True
    parts.put(bytes((Kind.STRUCTURED,)), 1)
    _names(parts, names)
    for name in names:
        if array.dtype[name].subdtype is not None:
            raise NotPackableError(
                f"the field {name!r} of the structured array holds an array in each row, which a blob cannot say",
                "Pack a dict of its fields, `{name: x[name] for name in x.dtype.names}`.",
            )
    return Children([array[name] for name in names], lambda index: f"[{names[index]!r}]", has_sizes=False)


def _plain(parts: Parts, value: Any) -> Array:
    """Return an array of numpy's base class; what that loses is noted."""
    if isinstance(value, np.ma.MaskedArray):
        if value is np.ma.masked:
            raise NotPackableError("it is a masked value, which is no value at all", "Use None or NaN.")
        if np.ma.is_masked(value):
            parts.note(
                "A blob keeps no masks: masked values were packed as the array's fill value. "
                "Pack `x.filled(numpy.nan)`, or `x.data` and `x.mask`."
            )
        return np.asarray(value.filled())
    return np.asarray(value)


def _shape(parts: Parts, kind: Kind, array: Array) -> None:
    head = struct.pack(f"<B{1 + array.ndim}Q", kind, array.ndim, *array.shape)
    parts.put(head, len(head))


def _array_head(parts: Parts, array: Array, type_id: int, *, is_complex: bool = False) -> None:
    _shape(parts, Kind.ARRAY, array)
    parts.put(ARRAY_HEAD.pack(type_id, is_complex), 8)


def _array_items(array: Array) -> Children:
    return Children(array.ravel(order="F"), _index_step(array))


def _array_data(parts: Parts, array: Array) -> None:
    if array.nbytes <= _SMALL_ARRAY and _IS_LITTLE and array.dtype.isnative:
        parts.put(array.tobytes("F"), array.nbytes)
        return
    # The transpose in C order is the array in Fortran order: no copy if it lies in memory like that, and always
    # so with one dimension. The view as bytes is joined, and copied, at the end.
    flat = np.ascontiguousarray(array.T).reshape(-1)
    little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
    parts.put(little.view(np.uint8), little.nbytes)


def _names(parts: Parts, names: Sequence[str]) -> None:
    if len(names) > MAX_FIELDS:
        raise NotPackableError(
            f"it has {len(names)} fields, and a blob holds {MAX_FIELDS} at most", "Use a dict of arrays."
        )
    unfit = [name for name in names if "\0" in name]
    if unfit:
        raise NotPackableError(f"its field {unfit[0]!r} has a zero character in its name", "Rename the field.")
    joined = b"".join(name.encode() + b"\0" for name in names)
    parts.put(struct.pack("<I", len(names)) + joined, 4 + len(joined))


def _index_step(array: Array) -> Callable[[int], str]:
    def step(index: int) -> str:
        places = np.unravel_index(index, array.shape, order="F")
        return f"[{', '.join(str(place) for place in places)}]" if places else "[()]"

    return step
