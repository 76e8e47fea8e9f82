"""Many programs that declare one pipeline at the same moment find one pipeline."""

from __future__ import annotations

import threading

import pytest

import djnb as dj
from tests.conformance.classes import make_table
from tests.conformance.declare.found import lineage


class TestAtOnce:
    """Workers that import a new pipeline at the same moment."""

    @pytest.fixture
    def declare_at_once(self, schema, database_url):
        """Declare classes in four programs, each class at the same moment in all of them."""

        def declare_at_once(make_classes):
            start, errors = threading.Barrier(4), []

            def work():
                try:
                    with dj.Connection(database_url) as connection:
                        own = dj.Schema(schema.name, connection=connection)
                        for cls in make_classes():
                            start.wait()
                            own(cls)
                            if issubclass(cls, dj.Computed):
                                assert len(cls.jobs) == 0  # the first look declares the job table
                except dj.DataJointError as error:
                    errors.append(error)
                    start.abort()
                except threading.BrokenBarrierError:
                    pass

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            schema.connection.catalogue.forget(schema.name)
            return errors

        return declare_at_once

    def test_all_find_the_same_tables(self, schema, tables, declare_at_once):
        """Each is declared once, with its contents and its lineage."""

        def make_classes():
            return [make_table(f"T{n}", "k : int32", dj.Lookup, contents=[(1,), (2,)]) for n in range(6)]

        errors = declare_at_once(make_classes)

        assert [] == errors
        assert {f"#t{n}" for n in range(6)} == tables()
        assert [(f"#t{n}", "k", f"{schema.name}.#t{n}.k") for n in range(6)] == lineage(schema)
        assert [[1, 2]] * 6 == [list(table.to_arrays("k")) for table in schema]

    def test_all_find_a_whole_pipeline(self, schema, tables, declare_at_once):
        """Unique contents, foreign keys, parts and jobs are there once, too."""

        def make_classes():
            Colour = make_table("Colour", "code : char(1)\n---\nname : varchar(9)\nunique index (name)", dj.Lookup)
            Colour.contents = [("r", "red"), ("b", "blue")]
            Trial = make_table("Trial", "-> master\ntrial : int32", dj.Part)
            Session = make_table("Session", "session : int32\n---\n-> Colour\n-> Colour.proj(back='code')", Trial=Trial)
            return [Colour, Session, make_table("Analysis", "-> Session", dj.Computed)]

        errors = declare_at_once(make_classes)

        noted = lineage(schema)
        schema.rebuild_lineage()
        assert [] == errors
        assert {"#colour", "session", "session__trial", "__analysis"} == tables()
        assert [("b", "blue"), ("r", "red")] == [tuple(row.values()) for row in schema["Colour"].to_dicts()]
        assert ("~~analysis", noted) == (schema.jobs[0].name.table, lineage(schema))
