"""Names of tables in a notebook."""

from __future__ import annotations

from types import ModuleType

import pytest

import djnb as dj
from djnb.errors import PopulateError
from djnb.jupyter.magics import names


class TestFind:
    def test_class_is_found(self, lab):
        """A name, or one in a module, stands for its class."""
        module = ModuleType("pipeline")
        module.Analysis = lab.Analysis

        namespace = {"Analysis": lab.Analysis, "pipeline": module}

        assert lab.Analysis is names.find_populated("Analysis", namespace)
        assert lab.Analysis is names.find_populated("pipeline.Analysis", namespace)

    def test_instance_stands_for_its_class(self, lab):
        """`Analysis()` kept in a variable can be populated by its name."""
        assert lab.Analysis is names.find_populated("table", {"table": lab.Analysis()})

    def test_unknown_name_is_refused_with_the_nearest(self, lab):
        """A misspelt table is refused, and the message offers the right one."""
        with pytest.raises(
            PopulateError,
            match=r"There is no `Analysys`\. Did you mean 'Analysis'\? The tables here are: Session, Analysis\.",
        ):
            names.find_populated("Analysys", vars(lab))

    def test_notebook_without_tables_is_told(self):
        """Before anything is imported, that is what is missing."""
        with pytest.raises(PopulateError, match="No table class is defined or imported here"):
            names.find_populated("Analysis", {})

    def test_part_is_refused_with_its_master(self, lab):
        """A part is made with its master, which the message names."""
        with pytest.raises(
            PopulateError, match=r"is a part: the `make\(\)` of its master.*Name the master: `Analysis`"
        ):
            names.find_populated("Analysis.Unit", vars(lab))

    def test_part_in_a_variable_is_refused_with_its_master(self, lab):
        """So it is where the name does not tell the master."""
        with pytest.raises(PopulateError, match="Name the master: `Analysis`"):
            names.find_populated("Unit", {"Unit": lab.Analysis.Unit})

    def test_manual_table_is_refused_with_the_tiers_that_can(self, lab):
        """Rows of a Manual table are inserted; the message says which tables are populated."""
        with pytest.raises(PopulateError, match=r"`Session` is a Manual table.*Only Imported and Computed"):
            names.find_populated("Session", vars(lab))

    @pytest.mark.parametrize(("name", "kind"), [("number", "int"), ("schema", "Schema"), ("query", "Query")])
    def test_other_things_are_refused(self, name, kind, lab):
        """What is no table class is told with its type."""
        namespace = {"number": 3, "schema": lab.schema, "query": lab.Session.proj()}

        with pytest.raises(PopulateError, match=rf"is no table class, but of type {kind}\."):
            names.find_populated(name, namespace)

    def test_tier_is_refused(self, lab):
        """`Computed` imported from djnb is no table."""
        with pytest.raises(PopulateError, match="`Computed` is a tier, not a table"):
            names.find_populated("Computed", {"Computed": dj.Computed})


class TestTables:
    def test_modules_of_tables_are_searched(self, lab):
        """Tables in an imported pipeline are found by their dotted names; other modules are not searched."""
        import numpy as np

        pipeline = ModuleType("pipeline")
        pipeline.Analysis = lab.Analysis

        found = names.tables({"np": np, "dj": dj, "pipeline": pipeline, "_7": lab.Session, "x": 3})

        assert [("pipeline.Analysis", lab.Analysis)] == list(found)


class TestDeclared:
    def test_each_table_counts_once(self, lab):
        """Two names of a table are one; Manual tables and undeclared classes have no progress."""

        class Draft(dj.Computed):
            definition = "-> Session"

        assert [lab.Analysis] == names.declared([lab.Session, lab.Analysis, Draft, lab.Analysis, dj.Computed, 3])
