"""A small pipeline of every tier, declared by one program and met by another."""

from __future__ import annotations

import djnb as dj


def declare_lab(schema):
    """Declare five tables and a part; return the classes by name."""

    @schema
    class Species(dj.Lookup):
        definition = """
        # kinds of animals
        species : varchar(16)
        """
        contents = (("mouse",), ("rat",))

    @schema
    class Subject(dj.Manual):
        definition = """
        # the animals
        subject_id : int32    # on the cage
        ---
        -> Species
        """

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int16
        ---
        -> [nullable] Subject.proj(partner="subject_id")
        """

    @schema
    class Scan(dj.Imported):
        definition = """
        -> Session
        """

        class Roi(dj.Part):
            definition = """
            -> master
            roi : int16
            """

    @schema
    class SpikeRate(dj.Computed):
        definition = """
        -> Scan
        -> Species
        ---
        rate : float64
        """

    return {cls.__name__: cls for cls in (Species, Subject, Session, Scan, SpikeRate)}


def fill_lab(tables):
    """Insert two subjects, three sessions, one scan."""
    tables["Subject"].insert([(1, "mouse"), (2, "rat")])
    tables["Session"].insert([(1, 1, None), (1, 2, 2), (2, 1, None)])
    tables["Scan"].insert1((1, 1), allow_direct_insert=True)
