"""Rows of every type, in a file and on a server, and what differs where both are asked the same."""

from __future__ import annotations

import math
import secrets

import djnb as dj

ROWS = [
    (1, 1, "b", "x", 1, "1.500", 0.5, "2024-02-29", "2024-02-29 09:08:07", "2024-02-29 09:08:07.123", "10:11:12",
     {"a": 1, "b": [1, 2], "c d": "é", "n": None, "s": "x\ny", "yes": True}),
    (1, 2, "", " ", -2, "-1.500", -1.25, "2023-12-31", "2023-12-31 23:59:59", "2023-12-31 23:59:59.999",
     "-01:00:00", {"a": "text", "b": "x", "n": 1.5}),
    (1, 3, "Éa😀b,c", "aé😀b", 0, "0.000", 0.0, "1970-01-01", "1970-01-01 00:00:00", "1970-01-01 00:00:00.001",
     "00:00:00", [1, 2]),
    (1, 4, "12abc", "b", 3, "2.345", 2.5, "2000-02-29", "2000-02-29 12:00:00", "2000-02-29 12:00:00.500",
     "100:00:01", {}),
    (2, 1, "a%_\\'\"`b", "%", 12, "99.995", 1e-7, "2024-12-31", "2024-12-31 00:00:01", "2024-12-31 00:00:01.010",
     "23:59:59", {"a": {"b": 1}}),
    (2, 2, None, None, None, None, None, None, None, None, None, None),
]  # fmt: skip


def sample_tables(path, mysql_url):
    """Yield the same tables of both databases, and remove them."""
    connections = [
        dj.Connection(f"sqlite:///{path}"),
        dj.Connection(mysql_url),
    ]
    made, schemas = [], []
    for connection in connections:
        schema = dj.Schema("djnb_test_" + secrets.token_hex(4), connection=connection)
        schemas.append(schema)

        @schema
        class Cohort(dj.Manual):
            definition = """
            cohort : int32
            """

        @schema
        class Sample(dj.Manual):
            definition = """
            -> Cohort
            sample : int32
            ---
            t = null    : varchar(40)
            t2 = null   : varchar(40)
            i = null    : int32
            d = null    : decimal(8,3)
            f = null    : float64
            day = null  : date
            at = null   : datetime
            at3 = null  : datetime(3)
            span = null : time
            doc = null  : json
            """

        Cohort.insert([(1,), (2,), (3,)])
        Sample.insert(ROWS)
        made.append((Cohort, Sample))
    yield made
    for connection, schema in zip(connections, schemas, strict=True):
        connection.drop_schema(schema.name)
        connection.close()


def alike(left, right):
    """Tell whether values are equal, floats up to their last digits."""
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-12)
    return type(left) is type(right) and left == right


def compare(queries, expressions):
    """Return what differs between databases, as (expression, row, values)."""
    names = {f"x{number}": text for number, text in enumerate(expressions)}
    fetched = [
        sorted(query(names).to_dicts(), key=lambda row: [row[n] for n in row if n in ("cohort", "sample")])
        for query in queries
    ]
    return [
        (names[name], place, [rows[place][name] for rows in fetched])
        for place in range(len(fetched[0]))
        for name in names
        if not alike(*(rows[place][name] for rows in fetched))
    ]
