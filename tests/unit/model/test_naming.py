"""Names: from classes to tables and back."""

from __future__ import annotations

import pytest

from djnb.errors import DefinitionError
from djnb.model.naming import TableName, Tier, check_length, check_schema_name, table_name, to_camel, to_snake

NAMES = [
    ("Subject", Tier.MANUAL, "", "subject"),
    ("Species", Tier.LOOKUP, "", "#species"),
    ("RawData", Tier.IMPORTED, "", "_raw_data"),
    ("SpikeSort2D", Tier.COMPUTED, "", "__spike_sort2_d"),
    ("EEGData", Tier.MANUAL, "", "e_e_g_data"),
    ("V1Cell2", Tier.MANUAL, "", "v1_cell2"),
    ("A", Tier.COMPUTED, "", "__a"),
    ("Unit", Tier.PART, "__spike_sort2_d", "__spike_sort2_d__unit"),
    ("Level", Tier.PART, "#task", "#task__level"),
    ("Channel", Tier.PART, "_raw_data", "_raw_data__channel"),
    ("TrialEvent", Tier.PART, "session", "session__trial_event"),
]


class TestTables:
    @pytest.mark.parametrize(("class_name", "tier", "master", "table"), NAMES)
    def test_class_becomes_the_table_that_datajoint_makes_of_it(self, class_name, tier, master, table):
        """Every capital within a word begins a new one, digits do not, and the prefix tells the tier."""
        assert table == table_name(class_name, tier, master)

    @pytest.mark.parametrize(("tier", "master", "table"), [facts for _, *facts in NAMES])
    def test_name_tells_tier_and_master(self, tier, master, table):
        """A table that exists is recognised by its name alone."""
        name = TableName("lab", table)

        assert (tier, TableName("lab", master) if master else None) == (name.tier, name.master)

    @pytest.mark.parametrize(
        ("table", "class_name"),
        [
            ("subject", "Subject"),
            ("__spike_sort2_d", "SpikeSort2D"),
            ("#task__level", "Task.Level"),
            ("__spike_sort2_d__unit", "SpikeSort2D.Unit"),
            ("_d_i_o", "DIO"),
        ],
    )
    def test_table_becomes_the_class_that_declares_it(self, table, class_name):
        """Messages speak of classes, with the master before the part."""
        assert class_name == TableName("lab", table).class_name

    @pytest.mark.parametrize("name", ["Subject", "EEGData", "V1Cell2", "SpikeSort2D"])
    def test_name_survives_the_way_there_and_back(self, name):
        """No class name is lost in the database."""
        assert name == to_camel(to_snake(name))

    @pytest.mark.parametrize("name", ["subject", "Spike_Sort", "2D", "Größe", "", "A b"])
    def test_class_that_is_not_in_camel_case_is_refused(self, name):
        """The name could not be told from the table again."""
        with pytest.raises(DefinitionError, match="CamelCase"):
            to_snake(name)

    @pytest.mark.parametrize("table", ["~lineage", "~~spike", "~jobs"])
    def test_tables_of_the_machinery_are_hidden(self, table):
        """What begins with a tilde is no table of the pipeline."""
        name = TableName("lab", table)

        assert (True, None) == (name.is_hidden, name.tier)

    @pytest.mark.parametrize("table", ["Subject", "2nd", "a-b", "a__", "#_x"])
    def test_table_of_another_making_has_no_tier(self, table):
        """Names that DataJoint would not make tell nothing."""
        assert None is TableName("lab", table).tier

    def test_full_name_is_in_back_quotes_and_can_be_read_again(self):
        """As DataJoint writes it."""
        name = TableName("lab", "#species")

        assert ("`lab`.`#species`", name, name) == (
            name.full,
            TableName.parse("`lab`.`#species`"),
            TableName.parse("lab.#species"),
        )

    @pytest.mark.parametrize("text", ["species", "a.b.c", "", "lab."])
    def test_text_that_names_no_table_is_refused(self, text):
        """Schema and table are both needed."""
        with pytest.raises(DefinitionError, match=r"Write `schema\.table`"):
            TableName.parse(text)


class TestLimits:
    def test_table_name_has_at_most_64_characters(self):
        """That is what a server takes; the message has the number and the remedy."""
        check_length(TableName("lab", "x" * 64))

        with pytest.raises(DefinitionError, match="has 65 characters; 64 are allowed"):
            check_length(TableName("lab", "x" * 65))

    @pytest.mark.parametrize("name", ["lab", "lab_ephys", "Lab-2", "größe", "x" * 64])
    def test_schema_may_have_any_plain_name(self, name):
        """Letters of any script, digits, underscores and dashes."""
        check_schema_name(name)

    @pytest.mark.parametrize("name", ["", " ", "a.b", "a`b", "a/b", "a\\b", "a\nb", "~lab", "lab ", "x" * 65])
    def test_schema_name_that_could_be_taken_for_another_is_refused(self, name):
        """A dot or a back quote would make two names of one."""
        with pytest.raises(DefinitionError, match="cannot be the name of a schema"):
            check_schema_name(name)
