"""Building a pipeline of one's own on the tables of others: the examples that users learn from, nearly as written."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import djnb as dj
from tests.conftest import SCHEMA_PREFIX

ANIMALS = [("a", "26230"), ("b", "26231"), ("c", "95391")]


def calculate_data(spk_data, look_outside):
    """Return a row of `MyTable`."""
    spike_times = spk_data.pop("spike_times")
    return {**spk_data, "my_first_column": len(spike_times) + 100 * look_outside, "my_second_column": spike_times * 2}


@pytest.fixture
def main_pipeline(connection):
    """
    The tables of a lab, by the modules that they are in.

    Three animals have one session each. In each of them ran two tasks, in an arena from which one looks outside and in
    one from which one does not, and two units were found. The sessions of the first two animals were clustered.
    """

    class Animal(dj.Manual):
        definition = """
        animal_id : varchar(8)
        ---
        animal_name : varchar(16)
        """

    class ArenaApparatus(dj.Lookup):
        definition = """
        apparatus : varchar(16)
        """
        contents = (("box",),)

        class ArenaGeometry(dj.Part):
            definition = """
            -> master
            geometry : varchar(16)
            ---
            look_outside : bool
            """

    class Session(dj.Manual):
        definition = """
        -> Animal
        session_time : datetime
        """

    class ClusterSessionGroup(dj.Manual):
        definition = """
        -> Animal
        group_id : int
        """

        class GroupMember(dj.Part):
            definition = """
            -> master
            -> Session
            """

    class Task(dj.Manual):
        definition = """
        -> Session
        -> ArenaApparatus.ArenaGeometry
        """

    class CuratedClustering(dj.Manual):
        definition = """
        -> ClusterSessionGroup
        curation : varchar(8)
        """

    class UnitSpikeTimes(dj.Imported):
        definition = """
        -> CuratedClustering
        -> Task
        unit : int
        ---
        spike_times : longblob
        """
        allow_new_pk_fields = True

    classes = (Animal, ArenaApparatus, Session, ClusterSessionGroup, Task, CuratedClustering, UnitSpikeTimes)
    known = {cls.__name__: cls for cls in classes}
    lab = dj.Schema(SCHEMA_PREFIX + "main", connection=connection)
    for cls in classes:
        lab(cls, context=known)

    Animal.insert(ANIMALS)
    ArenaApparatus.ArenaGeometry.insert([("box", "open", True), ("box", "closed", False)])
    for animal, _ in ANIMALS:
        session = {"animal_id": animal, "session_time": "2024-05-01 10:00"}
        group = {"animal_id": animal, "group_id": 1}
        Session.insert1(session)
        ClusterSessionGroup.insert1(group)
        CuratedClustering.insert1({**group, "curation": "manual"})
        if animal != "c":
            ClusterSessionGroup.GroupMember.insert1({**group, **session})
        for geometry in ("open", "closed"):
            task = {**session, "apparatus": "box", "geometry": geometry}
            Task.insert1(task)
            UnitSpikeTimes.insert(
                [
                    {**group, **task, "curation": "manual", "unit": unit, "spike_times": np.arange(float(unit))}
                    for unit in (1, 2)
                ],
                allow_direct_insert=True,
            )
    return SimpleNamespace(
        animal=SimpleNamespace(Animal=Animal),
        acquisition=SimpleNamespace(Session=Session, ClusterSessionGroup=ClusterSessionGroup),
        behavior=SimpleNamespace(Task=Task),
        ephys=SimpleNamespace(CuratedClustering=CuratedClustering, UnitSpikeTimes=UnitSpikeTimes),
        reference=SimpleNamespace(ArenaApparatus=ArenaApparatus),
    )


@pytest.fixture(autouse=True)
def ephys_store(tmp_path):
    """The store that a definition names."""
    (tmp_path / "store").mkdir()
    dj.config.stores["ephys_store"] = {"protocol": "file", "location": str(tmp_path / "store")}


@pytest.fixture
def schema(connection):
    """A user's own schema."""
    return dj.schema(SCHEMA_PREFIX + "user_alice_imaging_dev", connection=connection)


def made(table):
    """Return which units of which animals a table has."""
    return sorted((row["animal_id"], row["geometry"], row["unit"]) for row in table.proj().to_dicts())


def test_a_key_source_of_many_tables_as_a_property(main_pipeline, schema):
    """The full example: clustered units of two animals, in tasks from which nothing is seen outside."""
    ephys, acquisition, animal = main_pipeline.ephys, main_pipeline.acquisition, main_pipeline.animal
    behavior, reference = main_pipeline.behavior, main_pipeline.reference

    @schema
    class MyTable(dj.Computed):
        definition = """
        -> ephys.UnitSpikeTimes
        ---
        my_first_column : int               # comment
        my_second_column: blob@ephys_store  # 2nd comment
        """

        @property
        def key_source(self):
            ks = (
                ephys.UnitSpikeTimes * ephys.CuratedClustering * acquisition.ClusterSessionGroup.GroupMember
                & (
                    animal.Animal
                    & [
                        {"animal_name": 26230},
                        {"animal_name": 26231},
                    ]
                )
                & (behavior.Task * reference.ArenaApparatus.ArenaGeometry & {"look_outside": False})
            )
            return ks  # noqa: RET504 -- as written

        def make(self, key):
            spk_data = (ephys.UnitSpikeTimes & key).fetch1()
            look_outside = (reference.ArenaApparatus.ArenaGeometry & key).fetch1("look_outside")
            new_row = calculate_data(spk_data, look_outside)
            self.insert1(new_row)

    assert (0, 4) == MyTable.progress(display=False)
    MyTable.populate()

    assert [("a", "closed", 1), ("a", "closed", 2), ("b", "closed", 1), ("b", "closed", 2)] == made(MyTable)
    assert (4, 4) == MyTable.progress(display=False)
    row = (MyTable & {"animal_id": "b", "unit": 2}).fetch1()
    assert 2 == row["my_first_column"]
    np.testing.assert_array_equal([0.0, 2.0], row["my_second_column"])
    assert 0 == MyTable.populate().success_count


def test_a_key_source_as_an_attribute(main_pipeline, schema):
    """Some animals, named in a restriction as text."""
    ephys, animal = main_pipeline.ephys, main_pipeline.animal

    @schema
    class MyTable(dj.Computed):
        definition = """
        -> ephys.UnitSpikeTimes
        ---
        n_spikes : int
        """
        key_source = ephys.UnitSpikeTimes & (animal.Animal & "animal_name IN (26230, 95391, 72544)")

        def make(self, key):
            self.insert1(dict(key, n_spikes=len((ephys.UnitSpikeTimes & key).fetch1("spike_times"))))

    MyTable.populate()

    assert {"a", "c"} == {animal_id for animal_id, _, _ in made(MyTable)}
    assert 8 == len(MyTable)


@pytest.fixture
def Unrestricted(main_pipeline, schema):
    """A table of all units: it says nothing about its key source."""

    class Unrestricted(dj.Computed):
        definition = "-> UnitSpikeTimes"

        def make(self, key):
            self.insert1(key)

    return schema(Unrestricted, context={"UnitSpikeTimes": main_pipeline.ephys.UnitSpikeTimes})


def test_by_default_every_combination(Unrestricted):
    """Without a key source, all units of all animals."""
    Unrestricted.populate()

    assert [(animal, geometry, unit) for animal in "abc" for geometry in ("closed", "open") for unit in (1, 2)] == (
        made(Unrestricted)
    )


def test_what_precedes_is_counted_as_far_as_it_is_there(main_pipeline, Unrestricted):
    """Progress asks which keys there are now; tables before it that are not yet filled give fewer."""
    Unrestricted.populate()
    assert (12, 12) == Unrestricted.progress(display=False)
    (main_pipeline.ephys.UnitSpikeTimes & {"unit": 2}).delete(prompt=False)

    assert (6, 6) == Unrestricted.progress(display=False)
