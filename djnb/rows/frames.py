"""Columns as numpy arrays and pandas DataFrames, with the types that their attributes have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.rows.fetch import Columns

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_UNITS = {0: "s", 1: "ms", 2: "ms", 3: "ms", 4: "us", 5: "us", 6: "us"}
"""The unit of datetime64 that holds so many digits of a second."""


def to_array(values: Sequence[Any], attribute: Attribute) -> np.ndarray[Any, Any]:
    """
    Return values as an array.

    ==========  ============================================  ======================
    family      dtype                                         NULL becomes
    ==========  ============================================  ======================
    integer     ``int8`` … ``int64``, ``uint8`` … ``uint64``  None, dtype ``object``
    float       ``float32``, ``float64``                      NaN
    bool        ``bool``                                      None, dtype ``object``
    date        ``datetime64[D]``                             NaT
    datetime    ``datetime64[s]``, ``[ms]`` or ``[us]``, UTC  NaT
    time        ``timedelta64[us]``                           NaT
    others      ``object``                                    None
    ==========  ============================================  ======================
    """
    import numpy as np

    kind = attribute.type
    has_null = _has_null(values)
    match kind.family:
        case Family.INTEGER if not has_null:
            return np.array(values, dtype=attribute.integer_dtype)
        case Family.BOOL if not has_null:
            return np.array(values, dtype=bool)
        case Family.FLOAT:
            return np.array(
                [np.nan if v is None else v for v in values] if has_null else values, dtype=f"f{kind.bits // 8}"
            )
        case Family.DATE:
            return _moments(values, "s").astype("datetime64[D]")
        case Family.DATETIME:
            return _moments(values, datetime_unit(attribute))
        case Family.TIME:
            return np.array(values, dtype="timedelta64[us]")
        case Family.COMPUTED if not has_null and values:
            kinds = {type(value) for value in values}
            if kinds <= {int, bool}:
                return np.array(values, dtype="int64")
            if kinds <= {int, float}:
                return np.array(values, dtype="float64")
    return object_array(values)


def _has_null(values: Sequence[Any]) -> bool:
    return type(None) in set(map(type, values))


def datetime_unit(attribute: Attribute) -> str:
    """Return the unit of the ``datetime64`` of an attribute."""
    return _UNITS[attribute.type.scale]


def _moments(values: Sequence[Any], unit: str) -> np.ndarray[Any, Any]:
    """Return dates or times as ``datetime64``."""
    import numpy as np
    import pandas as pd

    # pandas reads the standard library's dates twenty times faster than numpy; before pandas 3, not those of all years.
    try:
        return np.asarray(pd.DatetimeIndex(list(values), dtype=f"datetime64[{unit}]"))
    except ValueError:
        return np.array(values, dtype=f"datetime64[{unit}]")


def object_array(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Return a one-dimensional array of objects, whatever the objects are."""
    import numpy as np

    # `np.array` would look into arrays that are values.
    return np.fromiter(values, dtype=object, count=len(values))


def to_plain_array(values: Sequence[Any], attribute: Attribute) -> np.ndarray[Any, Any]:
    """Return values as DataJoint's ``fetch`` does: ``int64``, ``float64``, ``bool`` or ``object``."""
    import numpy as np

    has_null = _has_null(values)
    if attribute.type.family is Family.INTEGER and not has_null:
        return np.array(values, dtype="uint64" if attribute.type.unsigned and attribute.type.bits == 64 else "int64")
    if attribute.type.family is Family.FLOAT:
        return np.array([np.nan if v is None else v for v in values] if has_null else values, dtype="float64")
    if attribute.type.family in (Family.BOOL, Family.COMPUTED):
        return to_array(values, attribute)
    return object_array(values)


def to_structured(
    columns: Columns, heading: Heading, as_array: Callable[[Sequence[Any], Attribute], np.ndarray[Any, Any]]
) -> np.ndarray[Any, Any]:
    """Return columns as one structured array, shape (n_rows,); ``as_array`` says how each becomes a field."""
    import numpy as np

    arrays = {name: as_array(values, heading[name]) for name, values in columns.items()}
    result = np.empty(columns.count, dtype=[(name, array.dtype) for name, array in arrays.items()])
    for name, array in arrays.items():
        result[name] = array
    return result


def to_frame(columns: Columns, heading: Heading) -> pd.DataFrame:
    """
    Return columns as a DataFrame, indexed by the primary key where it is among them.

    Integers and truth values that may be NULL have pandas' nullable types (``Int32``, ``boolean``), dates are
    ``datetime64[s]``, times ``datetime64`` in UTC without a zone.
    """
    import pandas as pd

    return index_by_key(
        pd.DataFrame({name: _series(values, heading[name]) for name, values in columns.items()}), heading
    )


def index_by_key(frame: pd.DataFrame, heading: Heading) -> pd.DataFrame:
    """Return a DataFrame with the primary key as its index, if all of the key is among its columns."""
    import pandas as pd

    key = [name for name in heading.primary_key if name in frame.columns]
    if not key or len(key) < len(heading.primary_key):
        return frame
    if len(key) == 1:  # `set_index` makes int64 of an empty column of any integer type
        frame.index = pd.Index(frame.pop(key[0]))
        return frame
    return frame.set_index(key)


def _series(values: Sequence[Any], attribute: Attribute) -> pd.Series[Any]:
    import pandas as pd

    kind = attribute.type
    match kind.family:
        case Family.INTEGER if attribute.nullable:
            dtype = attribute.integer_dtype.replace("i", "I").replace("u", "U")
            return pd.Series(list(values), dtype=dtype)
        case Family.BOOL if attribute.nullable:
            return pd.Series(list(values), dtype="boolean")
        case Family.DATE:
            return pd.Series(to_array(values, attribute).astype("datetime64[s]"))
        case Family.STRING | Family.ENUM:
            return pd.Series(list(values), dtype="str" if has_str_dtype() else object)
    return pd.Series(to_array(values, attribute))


def has_str_dtype() -> bool:
    """Tell whether pandas has a type for text, as it has from 3 on."""
    import pandas as pd

    return int(pd.__version__.partition(".")[0]) >= 3
