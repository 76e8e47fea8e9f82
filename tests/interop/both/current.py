"""A pipeline in the language of DataJoint 2: every type, every codec, keys of every kind."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
from values import difference

TYPES = [
    {
        "type_id": 1, "i8": -128, "i16": 32767, "i32": -(2**31), "i64": 2**63 - 1, "f32": 1.5, "f64": 0.1, "yes": True,
        "id": UUID(int=7), "doc": {"a": [1, None, "é"], "b": {"c": 1.5}}, "raw": b"\x00\xff%", "day": date(2024, 2, 29),
        "at": datetime(2024, 2, 29, 12, 30), "at_ms": datetime(2024, 2, 29, 12, 30, 1, 250_000), "code": "ab",
        "name": "日本 %s \"q\" 'q' \\", "price": Decimal("12.50"), "kind": "b c",
        "value": {"x": np.arange(3.0), "y": None},
        "small": 255, "medium": -8_388_608, "big": 2**64 - 1, "native_float": 2.5, "note": "long\ntext",
        "clock": timedelta(hours=1, minutes=2, seconds=3), "year": 2024,
    },
    {
        "type_id": 2, "i8": 0, "i16": 0, "i32": 0, "i64": 0, "f32": 0.1, "f64": 1e300, "yes": False, "id": UUID(int=0),
        "doc": [], "raw": b"", "day": date(1999, 12, 31), "at": datetime(1999, 12, 31), "at_ms": datetime(1999, 12, 31),
        "code": "", "name": "", "price": Decimal("-0.01"), "kind": "a", "value": [], "small": 0, "medium": 0, "big": 0,
        "native_float": 0.0, "note": "", "clock": timedelta(0), "year": 1999,
    },
]  # fmt: skip
OPTIONAL = [
    {"type_id": 1, "n": None, "x": None, "text": None, "value": None, "doc": None, "id": None, "at": None},
    {
        "type_id": 2, "n": 2**53 + 1, "x": 0.5, "text": "t", "value": np.float32(1), "doc": {"k": 1},
        "id": UUID(int=1), "at": datetime(2020, 1, 1),
    },
]  # fmt: skip
SUBJECTS = [{"subject_id": 1, "species": "mouse"}, {"subject_id": 2, "species": "rat"}]
SESSIONS = [
    {"subject_id": s, "session": n, "guide": g, "day": date(2024, 1, n)}
    for s, n, g in [(1, 1, None), (1, 2, 2), (2, 1, 1)]
]
DEFAULTS = {"count": 7, "label": "it's new: yes", "ratio": 0.25, "mode": "on", "seen": None, "flag": True}


def declare(dj, name):
    """Declare the tables of the pipeline and return the schema, and their classes by name."""
    schema = dj.Schema(name)

    # DataJoint takes a per cent sign for a placeholder.
    percent = "%%" if dj.__name__ == "datajoint" else "%"

    class Types(dj.Manual):
        definition = f"""
        # every type: and more, 'quoted'
        type_id : int32   # the id
        ---
        i8 : int8
        i16 : int16
        i32 : int32
        i64 : int64
        f32 : float32
        f64 : float64     # value: V, 50{percent}
        yes : bool
        id : uuid         # who
        doc : json
        raw : bytes
        day : date
        at : datetime
        at_ms : datetime(3)
        code : char(4)
        name : varchar(60)
        price : decimal(8,2)
        kind : enum('a','b c')
        value : <blob>    # anything
        small : tinyint unsigned
        medium : mediumint
        big : bigint unsigned
        native_float : double
        note : text
        clock : time
        year : year
        """

    class Optional(dj.Manual):
        definition = """
        -> Types
        ---
        n=null : int64
        x=null : float64
        text=null : varchar(9)
        value=null : <blob>
        doc=null : json
        id=null : uuid
        at=null : datetime
        """

    class Defaults(dj.Manual):
        definition = """
        key_id : int16
        ---
        count=7 : int32
        label="it's new: yes" : varchar(40)
        ratio=0.25 : float64
        mode="on" : enum('off','on')
        seen=null : datetime
        flag=1 : bool
        """

    class Species(dj.Lookup):
        definition = """
        species : varchar(16)
        """
        contents = [("mouse",), ("rat",)]

    class Subject(dj.Manual):
        definition = """
        # who
        subject_id : int32
        ---
        -> Species
        """

    class Session(dj.Manual):
        definition = """
        # when
        -> Subject
        session : int16
        ---
        -> [nullable] Subject.proj(guide='subject_id')
        day : date
        index (day, session)
        unique index (subject_id, day)
        """

        class Note(dj.Part):
            definition = """
            -> master
            note_id : int8
            ---
            text : varchar(100)
            """

    class Pair(dj.Manual):
        definition = """
        -> Subject
        -> Subject.proj(other='subject_id')
        """

    class Analysis(dj.Computed):
        definition = """
        -> Session
        ---
        total : float64
        """

        class Step(dj.Part):
            definition = """
            -> master
            step : int8
            ---
            value : <blob>
            """

        def make(self, key):
            if key["subject_id"] == 2:
                raise ValueError("bad subject")
            self.insert1(dict(key, total=key["session"] * 1.5))
            self.Step.insert(dict(key, step=i, value=np.arange(i)) for i in range(2))

    class Setting(dj.Lookup):
        definition = """
        ---
        value : int32
        """

    found = {}
    local = dict(locals())
    for cls in (Types, Optional, Defaults, Species, Subject, Session, Pair, Analysis, Setting):
        found[cls.__name__] = schema(cls, context={k: v for k, v in local.items() if isinstance(v, type)})
    return schema, found


def fill(dj, name):
    """Declare the pipeline and insert its rows."""
    _, tables = declare(dj, name)
    tables["Types"].insert(TYPES)
    tables["Optional"].insert(OPTIONAL)
    tables["Defaults"].insert1({"key_id": 1})
    tables["Subject"].insert(SUBJECTS)
    tables["Session"].insert(SESSIONS)
    tables["Session"].Note.insert([{"subject_id": 1, "session": 1, "note_id": 1, "text": "first ✓"}])
    tables["Pair"].insert([{"subject_id": 1, "other": 2}])
    tables["Setting"].insert1({"value": 3})


def populate(dj, name, reserve_jobs):
    """Populate the computed table, which fails for one of three keys, and return the number of errors."""
    _, tables = declare(dj, name)
    options = {"reserve_jobs": True} if reserve_jobs else {}
    return len(tables["Analysis"].populate(suppress_errors=True, **options)["error_list"])


def rows(table):
    """Return the rows of a table in the order of its key."""
    return table.to_dicts(order_by="KEY")


def check(dj, name):
    """Return how the filled pipeline, opened by classes made from the tables, differs from what it should be."""
    lab = dj.VirtualModule("lab", name)
    found = []

    def compare(where, left, right):
        found.append(difference(left, right, where))

    compare("Types", rows(lab.Types), [_as_fetched(dj, row) for row in TYPES])
    compare("Optional", rows(lab.Optional), OPTIONAL)
    compare("Defaults", rows(lab.Defaults), [_as_fetched(dj, {"key_id": 1, **DEFAULTS})])
    compare("Subject", rows(lab.Subject), SUBJECTS)
    compare("Session", rows(lab.Session), SESSIONS)
    compare("Note", (lab.Session.Note & {"note_id": 1}).fetch1("text"), "first ✓")
    compare("Setting", rows(lab.Setting), [{"value": 3}])
    # Joins are checked by lineage, along renamed keys too.
    joined = (lab.Pair * lab.Subject.proj(other="subject_id", kind="species")).to_dicts()
    compare("Pair", joined, [{"subject_id": 1, "other": 2, "kind": "rat"}])
    compare("Session * Subject", len(lab.Session * lab.Subject), 3)
    compare("Subject & Pair", [r["subject_id"] for r in rows(lab.Subject & lab.Pair)], [1])
    compare("comment", lab.Types().heading["f64"].comment, "value: V, 50%")
    compare("key", list(lab.Session().primary_key), ["subject_id", "session"])
    types = {name: str(lab.Types().heading[name].type) for name in ("i32", "kind", "at_ms")}
    compare("types", types, TYPE_NAMES[dj.__name__])
    return [text for text in found if text is not None]


TYPE_NAMES = {
    "datajoint": {"i32": "int", "kind": "enum('a','b c')", "at_ms": "datetime(3)"},
    "djnb": {"i32": "int32", "kind": "enum('a','b c')", "at_ms": "datetime(3)"},
}
"""DataJoint shows the server's type, djnb the one that was declared."""


def _as_fetched(dj, row):
    if dj.__name__ == "djnb":
        return row
    return {name: int(value) if isinstance(value, bool) else value for name, value in row.items()}


def check_results(dj, name):
    """Return how the populated tables differ from what ``make`` computes."""
    lab = dj.VirtualModule("lab", name)
    found = [
        difference([r["total"] for r in rows(lab.Analysis)], [1.5, 3.0], "Analysis"),
        difference(
            [r["value"] for r in rows(lab.Analysis.Step & {"session": 1})], [np.arange(0), np.arange(1)], "Step"
        ),
    ]
    return [text for text in found if text is not None]


def jobs(dj, name):
    """Return the job table's rows: key, status, message."""
    _, tables = declare(dj, name)
    return [
        [row["subject_id"], row["session"], row["status"], row["error_message"]]
        for row in tables["Analysis"].jobs.to_dicts(order_by="KEY")
    ]


def declare_jobs(dj, name):
    """Declare the job table of the computed table."""
    _, tables = declare(dj, name)
    len(tables["Analysis"].jobs)


def forget_errors(dj, name):
    """Delete the errors of the schema's jobs and return how many there were."""
    schema, _ = declare(dj, name)
    return (schema.jobs & "status='error'").delete()
