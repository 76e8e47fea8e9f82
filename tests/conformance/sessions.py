"""A small pipeline to ask: subjects, rigs, sessions, trials."""

from __future__ import annotations

from types import SimpleNamespace

import djnb as dj


def declare(schema: dj.Schema) -> SimpleNamespace:
    """Declare and fill the tables; give them by name."""

    @schema
    class Subject(dj.Manual):
        definition = """
        subject : varchar(8)
        ---
        weight = null : float64
        """

    @schema
    class Rig(dj.Manual):
        definition = """
        rig : int32
        ---
        room : varchar(8)
        """

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int32
        ---
        -> [nullable] Rig
        """

    @schema
    class Trial(dj.Manual):
        definition = """
        -> Session
        trial : int32
        ---
        score = null : int32
        """

    Subject.insert([("ann", 60.5), ("bob", None), ("cat", 50.0)])
    Rig.insert([(1, "east"), (2, "west")])
    Session.insert([("ann", 1, 1), ("ann", 2, 2), ("bob", 1, None)])
    Trial.insert([("ann", 1, 1, 5), ("ann", 1, 2, 7), ("ann", 2, 1, 5), ("bob", 1, 1, None)])
    return SimpleNamespace(Subject=Subject, Rig=Rig, Session=Session, Trial=Trial)


def keys(query: dj.Query) -> list[tuple]:
    """Return the primary keys in the order in which they come, as tuples."""
    return [tuple(key.values()) for key in query.fetch("KEY")]
