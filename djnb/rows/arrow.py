"""Columns as polars DataFrames and Arrow tables, with the types that their attributes have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from djnb.errors import MissingPackageError, OperandError
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.rows.fetch import Columns

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_MOST_DIGITS = 38
"""Of a decimal in 128 bits, which is the longest that both packages compute with."""


def to_polars(columns: Columns, heading: Heading) -> pl.DataFrame:
    """
    Return columns as a polars DataFrame, whether or not there are rows.

    ==========  ======================================
    family      dtype
    ==========  ======================================
    integer     ``Int8`` … ``Int64``, ``UInt8`` …
    float       ``Float32``, ``Float64``
    decimal     ``Decimal``
    bool        ``Boolean``
    date        ``Date``
    datetime    ``Datetime``, UTC without a zone
    time        ``Duration``
    text, enum  ``String``
    uuid        ``String``
    bytes       ``Binary``
    blob, json  ``Object``
    ==========  ======================================

    Raises
    ------
    MissingPackageError
        polars is not installed.
    """
    polars = package("polars", "to_polars")
    series = [_series(polars, name, values, heading[name]) for name, values in columns.items()]
    frame: pl.DataFrame = polars.DataFrame(series)
    return frame


def _series(pl: Any, name: str, values: Sequence[Any], attribute: Attribute) -> Any:
    kind = attribute.type
    if kind.family is Family.COMPUTED:
        try:
            return pl.Series(name, list(values), strict=True)
        except (TypeError, pl.exceptions.PolarsError):
            return pl.Series(name, list(values), dtype=pl.Object)
    if kind.family is Family.UUID:
        values = [None if value is None else str(value) for value in values]
    dtype = {
        Family.INTEGER: lambda: getattr(pl, attribute.integer_dtype.replace("i", "I").replace("u", "U")),
        Family.FLOAT: lambda: getattr(pl, f"Float{kind.bits}"),
        Family.DECIMAL: lambda: pl.Decimal(kind.digits, kind.scale) if kind.digits <= _MOST_DIGITS else pl.Object,
        Family.BOOL: lambda: pl.Boolean,
        Family.DATE: lambda: pl.Date,
        Family.DATETIME: lambda: pl.Datetime("ms" if kind.scale <= 3 else "us"),
        Family.TIME: lambda: pl.Duration("us"),
        Family.STRING: lambda: pl.String,
        Family.ENUM: lambda: pl.String,
        Family.UUID: lambda: pl.String,
        Family.BYTES: lambda: pl.Binary,
    }.get(kind.family, lambda: pl.Object)()
    return pl.Series(name, list(values), dtype=dtype)


def to_arrow(columns: Columns, heading: Heading) -> pa.Table:
    """
    Return columns as an Arrow table, whether or not there are rows.

    The types are those of `to_polars`; JSON documents and UUIDs are text. Arrays in blobs become lists of numbers,
    dicts become structs.

    Raises
    ------
    MissingPackageError
        pyarrow is not installed.
    OperandError
        Blobs hold values for which Arrow has no type.
    """
    pa = package("pyarrow", "to_arrow")
    arrays = {name: _arrow_array(pa, name, values, heading[name]) for name, values in columns.items()}
    return pa.table(arrays) if arrays else pa.table({}).slice(0, columns.count)


def _arrow_array(pa: Any, name: str, values: Sequence[Any], attribute: Attribute) -> Any:
    family = attribute.type.family
    if family is Family.UUID:
        values = [None if value is None else str(value) for value in values]
    elif family is Family.JSON:
        values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
    elif family is Family.CODEC:
        values = [_plain(value) for value in values]
    try:
        return pa.array(values, type=arrow_type(pa, attribute))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise OperandError(
            f"'{name}' holds values for which Arrow has no common type ({error}).",
            remedy=f"Leave '{name}' out by naming the others, or take `to_pandas()`.",
        ) from error


def arrow_type(pa: Any, attribute: Attribute) -> Any:
    """Return the Arrow type of an attribute; None for what the values say."""
    kind = attribute.type
    match kind.family:
        case Family.INTEGER:
            return getattr(pa, attribute.integer_dtype)()
        case Family.FLOAT:
            return getattr(pa, f"float{kind.bits}")()
        case Family.DECIMAL:
            return (pa.decimal128 if kind.digits <= _MOST_DIGITS else pa.decimal256)(kind.digits, kind.scale)
        case Family.BOOL:
            return pa.bool_()
        case Family.DATE:
            return pa.date32()
        case Family.DATETIME:
            return pa.timestamp("s" if not kind.scale else "ms" if kind.scale <= 3 else "us")
        case Family.TIME:
            return pa.duration("us")
        case Family.STRING | Family.ENUM | Family.UUID | Family.JSON:
            return pa.string()
        case Family.BYTES:
            return pa.binary()
    return None


def _plain(value: Any) -> Any:
    """Return a value with lists in place of arrays of several dimensions, at any depth."""
    if hasattr(value, "ndim") and hasattr(value, "tolist"):
        return value if value.ndim == 1 and not value.dtype.names else _plain(value.tolist())
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def package(name: str, method: str) -> Any:
    """Return a package that a method needs."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"`{method}` needs the package {name}, which is not installed.", remedy=f"Install it: pip install {name}"
        ) from error
