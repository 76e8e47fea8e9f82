"""A pipeline in the language of DataJoint 0.14: classic types, external stores, one job table for a schema."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
from values import difference

KINDS = [
    {
        "kind_id": 1, "i": -5, "u": 4_000_000_000, "small": -7, "x": 0.5, "y": 0.1, "name": "Zürich",
        "code": "ab", "day": date(2024, 2, 29), "at": datetime(2024, 2, 29, 1, 2, 3), "clock": timedelta(hours=25),
        "price": Decimal("1.50"), "kind": "two words", "who": UUID(int=9), "value": {"a": [1, 2.5, np.arange(3)]},
        "array": np.eye(3), "n": None, "maybe": None,
    },
    {
        "kind_id": 2, "i": 5, "u": 0, "small": 7, "x": -0.5, "y": 1e300, "name": "", "code": "",
        "day": date(1999, 1, 1), "at": datetime(1999, 1, 1), "clock": timedelta(0), "price": Decimal("-1.25"),
        "kind": "a", "who": UUID(int=0), "value": "text", "array": np.zeros((0, 2)), "n": 2**40, "maybe": "m",
    },
]  # fmt: skip


def _connect_stores(dj, folder):
    for name in ("blobs", "papers", "files"):
        (Path(folder) / name).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "stage").mkdir(exist_ok=True)
    dj.config["stores"] = {
        "blobs": {"protocol": "file", "location": str(Path(folder) / "blobs")},
        "papers": {"protocol": "file", "location": str(Path(folder) / "papers")},
        "files": {
            "protocol": "file", "location": str(Path(folder) / "files"), "stage": str(Path(folder) / "stage"),
        },
    }  # fmt: skip


def declare(dj, name, stores):
    """
    Declare the tables and return the schema, and their classes by name.

    `stores` tells whether those too whose values are in files.
    """
    schema = dj.schema(name)

    class Kinds(dj.Manual):
        definition = """
        # every classic type
        kind_id : int   # the id
        ---
        i : int
        u : int unsigned
        small : tinyint
        x : float
        y : double
        name : varchar(40)   # a name: in any language
        code : char(4)
        day : date
        at : datetime
        clock : time
        price : decimal(6,2)
        kind : enum('a','two words')
        who : uuid
        value : longblob
        array : blob
        n=null : bigint
        maybe=null : varchar(4)
        entered = CURRENT_TIMESTAMP : timestamp
        """

    class Subject(dj.Manual):
        definition = """
        subject_id : int
        ---
        name : varchar(20)
        """

        class Weight(dj.Part):
            definition = """
            -> master
            n : smallint
            ---
            weight : float
            """

    class Result(dj.Computed):
        definition = """
        -> Subject
        ---
        value : float
        """

        def make(self, key):
            if key["subject_id"] == 2:
                raise ValueError("bad subject")
            self.insert1(dict(key, value=key["subject_id"] * 1.5))

    class Filed(dj.Manual):
        definition = """
        filed_id : int
        ---
        value : blob@blobs
        paper : attach@papers
        given : filepath@files
        here : attach
        """

    classes = (Kinds, Subject, Result) + ((Filed,) if stores else ())
    context = {cls.__name__: cls for cls in classes}
    return schema, {cls.__name__: schema(cls, context=context) for cls in classes}


def fill(dj, name, folder=None):
    """Declare the pipeline and insert its rows."""
    if folder is not None:
        _connect_stores(dj, folder)
    _, tables = declare(dj, name, folder is not None)
    tables["Kinds"].insert(KINDS)
    tables["Subject"].insert([(1, "mia"), (2, "leo"), (3, "ida")])
    tables["Subject"].Weight.insert([(1, 1, 20.5), (1, 2, 21.5)])
    if folder is not None:
        given = Path(folder) / "stage" / "day" / "data.txt"
        given.parent.mkdir(parents=True)
        given.write_text("given")
        Path("paper.txt").write_text("a paper")
        paper = str(Path("paper.txt").resolve())
        row = {"filed_id": 1, "value": KINDS[0]["value"], "paper": paper, "given": str(given), "here": paper}
        tables["Filed"].insert1(row)


def declare_only(dj, name):
    """Declare the pipeline."""
    declare(dj, name, False)


def populate(dj, name, reserve_jobs=False):
    """Populate the computed table, which fails for one of three keys."""
    _, tables = declare(dj, name, False)
    options = {"reserve_jobs": True} if reserve_jobs else {}
    tables["Result"].populate(suppress_errors=True, **options)


def check(dj, name):
    """Return how the filled pipeline differs from what was inserted."""
    _, tables = declare(dj, name, False)
    kinds = tables["Kinds"].fetch(as_dict=True, order_by="kind_id")
    for row in kinds:
        row.pop("entered")
    subjects = tables["Subject"].fetch(as_dict=True, order_by="subject_id")
    found = [
        difference(kinds, KINDS, "Kinds"),
        difference([row["name"] for row in subjects], ["mia", "leo", "ida"], "Subject"),
        difference(len(tables["Subject"] * tables["Subject"].Weight), 2, "Subject * Weight"),
        difference([float(w) for w in tables["Subject"].Weight.fetch("weight", order_by="n")], [20.5, 21.5], "Weight"),
        difference(tables["Kinds"]().heading["kind_id"].comment, "the id", "comment"),
    ]
    return [text for text in found if text is not None]


def check_files(dj, name, folder):
    """Return how values in files differ from what was inserted."""
    _connect_stores(dj, folder)
    _, tables = declare(dj, name, True)
    row = tables["Filed"].fetch1(download_path=".")
    found = [
        difference(row["value"], KINDS[0]["value"], "value"),
        difference(Path(row["paper"]).read_text(), "a paper", "paper"),
        difference(Path(row["paper"]).name, "paper.txt", "paper's name"),
        difference(Path(row["given"]).read_text(), "given", "given"),
        difference(Path(row["here"]).read_text(), "a paper", "here"),
    ]
    return [text for text in found if text is not None]


def results(dj, name):
    """Return the values of the computed table."""
    _, tables = declare(dj, name, False)
    return [float(value) for value in tables["Result"].fetch("value", order_by="subject_id")]


def jobs(dj, name):
    """Return status and message of the jobs that failed."""
    schema, _ = declare(dj, name, False)
    return [
        [row["table_name"], row["status"], row["error_message"]]
        for row in (schema.jobs & "status='error'").fetch(as_dict=True)
    ]


def events(dj, name):
    """Return what the schema's log says."""
    return [str(event) for event in dj.schema(name, create_tables=False).log.fetch("event", order_by="id")]
