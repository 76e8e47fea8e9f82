"""Arrays of numpy, structured ones too, and MATLAB's containers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from djnb.codecs.blob.layout import (
    ARRAY_HEAD,
    BOOL_TYPE,
    CHAR_TYPE,
    DATETIME_TYPE,
    DATETIME_UNITS,
    MATLAB_TYPES,
    NUMERIC_TYPES,
    OBJECT_TYPE,
    Kind,
)
from djnb.codecs.blob.matlab import MatCell, MatStruct
from djnb.codecs.blob.unpacking.cursor import Cursor, Pending
from djnb.errors import BlobError

Array = np.ndarray[Any, np.dtype[Any]]

_DTYPES = {type_id: np.dtype(spelled) for type_id, spelled in NUMERIC_TYPES.items()}


def _read_array(cursor: Cursor) -> Array | Pending:
    shape, count = cursor.shape()
    type_id, is_complex = ARRAY_HEAD.unpack(cursor.take(ARRAY_HEAD.size))
    if is_complex > 1 or (is_complex and type_id in (BOOL_TYPE, CHAR_TYPE, OBJECT_TYPE)):
        cursor.fail("an array has an impossible mark for complex numbers")
    if type_id == OBJECT_TYPE:
        return Pending(count, lambda values: _objects(values).reshape(shape, order="F"))
    if is_complex:
        flat = _complex_numbers(cursor, _dtype(cursor, type_id), count)
    elif type_id == CHAR_TYPE:
        # MATLAB's characters are units of UTF-16, numpy's are code points.
        flat = _numbers(cursor, np.dtype("<u2"), count).astype(np.uint32).view("U1")
    elif type_id == BOOL_TYPE:
        flat = _numbers(cursor, np.dtype("u1"), count).astype(bool)
    else:
        flat = _numbers(cursor, _dtype(cursor, type_id), count)
    return flat.reshape(shape, order="F")


def _dtype(cursor: Cursor, type_id: int) -> np.dtype[Any]:
    if type_id in _DTYPES:
        return _DTYPES[type_id]
    if 0 <= type_id - DATETIME_TYPE < len(DATETIME_UNITS):
        return np.dtype(f"<M8[{DATETIME_UNITS[type_id - DATETIME_TYPE]}]")
    if type_id in MATLAB_TYPES:
        cursor.fail(f"an array of {MATLAB_TYPES[type_id]} of MATLAB cannot be read")
    raise cursor.damage(f"{type_id} is no type of arrays")


def _numbers(cursor: Cursor, dtype: np.dtype[Any], count: int) -> Array:
    data = cursor.take(count * dtype.itemsize)
    # numpy takes no empty buffers. The cast is the one copy: it makes the array writable and its own owner.
    flat = np.frombuffer(data, dtype) if count else np.empty(0, dtype)
    return flat.copy() if dtype.isnative else flat.astype(dtype.newbyteorder("="))


def _complex_numbers(cursor: Cursor, dtype: np.dtype[Any], count: int) -> Array:
    if dtype.kind == "M":
        cursor.fail("an array has an impossible mark for complex numbers")
    real, imaginary = _numbers(cursor, dtype, count), _numbers(cursor, dtype, count)
    flat = np.empty(count, np.result_type(dtype, np.complex64))
    # Not real + 1j * imaginary, which makes NaN of infinities.
    flat.real, flat.imag = real, imaginary
    return flat


def _read_structured(cursor: Cursor) -> Pending:
    names = cursor.names()
    if not names:
        cursor.fail("a structured array has no fields")
    return Pending(len(names), lambda fields: _structured(cursor, names, fields), is_fields=True)


def _structured(cursor: Cursor, names: list[str], fields: Sequence[Array]) -> Array:
    # A field may have more dimensions than the array: it holds an array in each row. djnb does not write that.
    shape = min((field.shape for field in fields), key=len)
    if any(field.shape[: len(shape)] != shape for field in fields):
        cursor.fail("the fields of a structured array differ in shape")
    dtype = [(name, field.dtype, field.shape[len(shape) :]) for name, field in zip(names, fields, strict=True)]
    array = np.empty(shape, np.dtype(dtype))
    for name, field in zip(names, fields, strict=True):
        array[name] = field
    return _squeezed(cursor, array).view(np.recarray)


def _read_mat_cell(cursor: Cursor) -> Pending:
    shape, count = cursor.shape()
    return Pending(count, lambda values: _squeezed(cursor, _objects(values).reshape(shape, order="F")).view(MatCell))


def _read_mat_struct(cursor: Cursor) -> Array | Pending:
    shape, count = cursor.shape()
    names = cursor.names()
    if not names:
        return np.array(None)

    def build(values: list[Any]) -> Array:
        flat = np.empty(count, np.dtype([(name, object) for name in names]))
        for place, name in enumerate(names):
            flat[name] = _objects(values[place :: len(names)])
        return _squeezed(cursor, flat.reshape(shape, order="F")).view(MatStruct)

    return Pending(count * len(names), build)


def _read_sparse(cursor: Cursor) -> NoReturn:
    raise BlobError(
        "The blob holds a sparse array of MATLAB, which cannot be read.", remedy="Store `full(x)` from MATLAB."
    )


def present(cursor: Cursor, array: Array) -> Any:
    """Return an array as users see it: characters in a line are a text, an array without dimensions a scalar."""
    if array.dtype.kind == "U" and (array.ndim == 1 or (array.ndim == 2 and array.shape[0] == 1)):
        units = array.reshape(-1).view(np.uint32).astype("<u2").tobytes()
        array = np.array([units.decode("utf-16-le", "surrogatepass")])
    if cursor.squeezes and array.size == 1:
        return array.item()
    if array.ndim == 0 and array.dtype.kind not in "OU":
        return array[()]
    return _squeezed(cursor, array)


def _squeezed(cursor: Cursor, array: Array) -> Array:
    return array.squeeze() if cursor.squeezes else array


def _objects(values: Sequence[Any]) -> Array:
    # Element by element: given a list, numpy would make one array of the arrays in it.
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return array


READERS: dict[int, Callable[[Cursor], Any]] = {
    Kind.ARRAY: _read_array,
    Kind.STRUCTURED: _read_structured,
    Kind.MAT_CELL: _read_mat_cell,
    Kind.MAT_STRUCT: _read_mat_struct,
    Kind.SPARSE: _read_sparse,
}
"""By kind, what reads the value, or the head of it."""
