"""Many rows at once, as the Arrow table that a database's driver makes of them, and frames of that table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.events import Fetched
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.rows.arrow import arrow_type, package
from djnb.rows.fetch import say_fetch
from djnb.rows.frames import datetime_unit, has_str_dtype, index_by_key

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

FEW = 10_000
"""So many rows come sooner over the connection that is there."""

_EXACT = frozenset(
    {Family.INTEGER, Family.FLOAT, Family.BOOL, Family.DATE, Family.DATETIME, Family.STRING, Family.ENUM}
)
"""Of which Arrow holds every value, and as the same type that decoding it gives."""


def fetch_table(
    connection: Connection,
    node: Node,
    names: Sequence[str],
    *,
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> pa.Table | None:
    """
    Fetch attributes of a query as an Arrow table; None where only ``fetch_columns`` does it.

    The database's driver must be able to, the statement must have no values, no transaction may be open, and the
    attributes must be stored numbers, truth values, dates, times of a day, or text.
    The parameters and errors are those of ``fetch_columns``.
    """
    heading = node.heading
    heading.check(names, owner=node.label)
    if (limit is not None and limit < FEW) or not names:
        return None
    if not all(heading[name].sql_type and heading[name].type.family in _EXACT for name in names):
        return None
    statement = say_fetch(connection, node, names, order_by=order_by, limit=limit, offset=offset)
    found = connection.fetch_arrow(statement)
    if found is None:
        return None
    import pyarrow as pa

    try:
        table = pa.table({n: _typed(pa, found.column(i), heading[n]) for i, n in enumerate(names)})
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a legacy type that comes as something else
        return None
    if any(table.column(name).null_count for name in names if not heading[name].nullable):
        return None
    if connection.bus.wants(Fetched):
        connection.bus.emit(Fetched(node, "read", table.num_rows))
    return table


def _typed(pa: Any, column: Any, attribute: Attribute) -> Any:
    return column.combine_chunks().cast(arrow_type(pa, attribute))


def to_polars(table: pa.Table) -> pl.DataFrame:
    """Return a table as ``arrow.to_polars`` returns columns."""
    frame: pl.DataFrame = package("polars", "to_polars").DataFrame(table)
    return frame


def to_frame(table: pa.Table, heading: Heading) -> pd.DataFrame:
    """Return a table as ``frames.to_frame`` returns columns."""
    import pandas as pd

    columns = {name: _series(table.column(name).combine_chunks(), heading[name]) for name in table.column_names}
    return index_by_key(pd.DataFrame(columns), heading)


def _series(column: Any, attribute: Attribute) -> pd.Series[Any]:
    import pandas as pd

    match attribute.type.family:
        case Family.INTEGER if attribute.nullable:
            dtype = pd.api.types.pandas_dtype(attribute.integer_dtype.replace("i", "I").replace("u", "U"))
            return _from_arrow(column, dtype)
        case Family.BOOL if attribute.nullable:
            return _from_arrow(column, pd.BooleanDtype())
        case Family.DATE:
            return pd.Series(column.cast("timestamp[s]").to_numpy(zero_copy_only=False))
        case Family.DATETIME:
            unit = datetime_unit(attribute)
            return pd.Series(column.cast(f"timestamp[{unit}]").to_numpy(zero_copy_only=False))
        case Family.STRING | Family.ENUM:
            if has_str_dtype():
                return _from_arrow(column, pd.api.types.pandas_dtype("str"))
            return pd.Series(column.to_pylist(), dtype=object)
    # A copy, which may be written into, as everything else that is fetched.
    return pd.Series(column.to_numpy(zero_copy_only=False).copy())


def _from_arrow(column: Any, dtype: Any) -> pd.Series[Any]:
    """Return a column as an extension type of pandas, which pandas' stubs do not know to be able to do that."""
    import pandas as pd

    return pd.Series(dtype.__from_arrow__(column))
