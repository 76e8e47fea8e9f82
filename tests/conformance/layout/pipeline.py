"""Tables that use everything a definition can say, in two schemas."""

from __future__ import annotations

import djnb as dj
from tests.conftest import SCHEMA_PREFIX

MAIN, OTHER = SCHEMA_PREFIX + "layout", SCHEMA_PREFIX + "layout_other"


def declare_pipeline(schema, other):
    """Declare tables that use everything a definition can say, in two schemas."""

    @other
    class Lab(dj.Lookup):
        definition = """
        # labs of the institute
        lab : varchar(24)   # short name
        ---
        city = 'München' : varchar(32)  # where: the "city", or town's name
        """

    @schema
    class Species(dj.Lookup):
        definition = """
        species : varchar(32) # Latin name
        """
        contents = (("mouse",), ("rat",))

    @schema
    class Subject(dj.Manual):
        definition = """
        # animals, 'all' of them
        subject_id : int32  # the id
        ---
        -> Species
        -> [nullable] Lab
        sex = 'U' : enum('M', 'F', 'U')  # sex
        weight = null : float64  # g
        born : date
        is_wild = 0 : bool
        tag = null : uuid # chip
        note = "" : varchar(255)
        """

    @schema
    class Types(dj.Manual):
        definition = """
        a : int8
        b : int16 # small
        c : int64
        d : char(4)
        e : decimal(8,2) # price
        f : datetime(3)
        ---
        g : float32
        h : bool
        i : json
        j : bytes
        k : date
        l : datetime # when
        m : varchar(7)
        n = null : <blob> # data
        o : enum('a','b')
        p = CURRENT_TIMESTAMP : datetime(3)
        q = 1.5 : decimal(4,2)
        r = 3 : int32
        s = '2020-01-01' : date
        """

    @schema
    class Native(dj.Manual):
        definition = """
        a : int unsigned auto_increment  # numbered
        ---
        b : tinyint unsigned
        c = 7 : smallint
        d : mediumint
        e : bigint unsigned
        f : double
        g : float unsigned
        h : timestamp
        i = CURRENT_TIMESTAMP : timestamp # at
        j : time
        k : year
        l : text
        m : mediumtext
        n : numeric(5,1)
        o : decimal(6,3) unsigned
        p : int(11)
        q : integer
        r : decimal
        """

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int16   # number
        ---
        -> [unique] Species
        -> [nullable, unique] Lab.proj(home='lab')
        started : datetime
        unique index (started)
        index (session, started)
        """

    @schema
    class Pair(dj.Manual):
        definition = """
        -> Subject
        -> Subject.proj(other='subject_id')
        ---
        -> [nullable] Subject.proj(third='subject_id')
        """

    @schema
    class Raw(dj.Imported):
        definition = """
        # raw data
        -> Session
        ---
        data : <blob>
        """

        class Channel(dj.Part):
            definition = """
            -> master
            channel : int8
            ---
            x : float32 # V
            """

    @schema
    class Spike(dj.Computed):
        definition = """
        -> Raw.Channel
        -> Session
        ---
        n : int64
        """

    @schema
    class Uuids(dj.Manual):
        definition = """
        u : uuid # the u
        """

    @schema
    class OfUuid(dj.Manual):
        definition = """
        -> Uuids
        -> Types
        """

    @schema
    class OfNative(dj.Manual):
        definition = """
        -> Native.proj(n='a')
        k : varchar(8)
        ---
        -> Uuids.proj(w='u')
        """

    @schema
    class Setting(dj.Lookup):
        definition = """
        # one row
        ---
        value = 1 : int32 # v
        """

    @schema
    class Grand(dj.Manual):
        definition = """
        -> OfNative.proj(nn='n')
        ---
        -> Pair.proj(a='subject_id', b='other')
        index(b, a)
        unique index(nn)
        """

    @schema
    class SpikeSort2D(dj.Computed):
        definition = """
        -> Spike
        """

        class EEGUnit(dj.Part):
            definition = """
            -> master
            -> Species
            """

    return {name: value for name, value in locals().items() if name not in ("schema", "other")}
