"""What a row says and does not say: names, missing values, defaults, parents."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import (
    DuplicateError,
    InvalidValueError,
    MissingAttributeError,
    MissingParentError,
    UnknownAttributeError,
)
from tests.conformance.insert.rows import ANN, BOB


class TestNames:
    def test_unknown_one_is_refused(self, Subject):
        """The message offers the nearest name and says which row it was in."""
        with pytest.raises(
            UnknownAttributeError, match=r"`Subject` has no attribute 'nam'. Did you mean 'name'"
        ) as caught:
            Subject.insert([ANN, {**BOB, "nam": "bob"}])

        assert ["In row 1. `ignore_extra_fields=True` passes over such values."] == caught.value.__notes__
        assert 0 == len(Subject)

    def test_unknown_one_is_passed_over_if_that_is_wanted(self, Subject):
        """`ignore_extra_fields` takes of each row what the heading has."""
        Subject.insert([{**ANN, "nam": "x", "data": object()}, BOB], ignore_extra_fields=True)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_missing_one_is_refused(self, Subject):
        """An attribute without a default has to be given, and given a value."""
        with pytest.raises(MissingAttributeError, match="Row 1 for `Subject` gives no value for 'name'"):
            Subject.insert([ANN, {"subject": 2}])
        for missing in (None, math.nan, pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("nan")):
            with pytest.raises(MissingAttributeError, match=r"Row 0 for `Subject` gives .* for 'name'"):
                Subject.insert([{"subject": 2, "name": missing}])
        with pytest.raises(MissingAttributeError, match="'subject'"):
            Subject.insert1({"name": "ann"})

        assert 0 == len(Subject)


class TestMissingValues:
    @pytest.mark.parametrize(
        "missing", [None, math.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("nan")], ids=repr
    )
    def test_are_null_or_the_default(self, Subject, missing):
        """None, NaN, NaT and NA are NULL where that is allowed, and the default where there is one."""
        Subject.insert1({"subject": 1, "name": "a", "species": missing, "weight": missing})

        assert {"subject": 1, "name": "a", "species": "rat", "weight": None} == Subject.fetch1()

    @pytest.mark.parametrize("nan", [math.nan, np.float32("nan")], ids=repr)
    def test_nan_is_not_taken_for_the_default_of_a_number(self, declare, nan):
        """A computation that gave no number is not replaced by one in silence; None asks for the default."""
        Gain = declare("Gain", "gain : int32\n---\nvalue = 1.5 : float64")

        with pytest.raises(InvalidValueError, match="'value' in row 0 is not a number"):
            Gain.insert1({"gain": 1, "value": nan})
        Gain.insert1({"gain": 1, "value": None})

        assert [{"gain": 1, "value": 1.5}] == Gain.to_dicts()


class TestParents:
    def test_missing_one_is_refused(self, Subject, Session):
        """The message names the parent, the values it lacks and the row; nothing is inserted."""
        Subject.insert1(ANN)

        with pytest.raises(
            MissingParentError, match="Row 1 for `Session` refers to `Subject` with subject=5"
        ) as caught:
            Session.insert([(1, 1), (5, 1)])

        assert ("Subject", {"subject": 5}) == (caught.value.parent, caught.value.key)
        assert 0 == len(Session)

    def test_missing_one_under_another_name(self, declare, Subject):
        """A renamed foreign key is explained in the parent's words; NULL refers to nobody."""
        definition = "litter : int32\n---\n-> [nullable] Subject.proj(mother='subject')"
        Litter = declare("Litter", definition, rows=[(1, None)], Subject=Subject)
        with pytest.raises(MissingParentError, match="refers to `Subject` with subject=7") as caught:
            Litter.insert([(2, 7)])

        assert {"subject": 7} == caught.value.key
        assert [(1, None)] == [tuple(row.values()) for row in Litter]


class TestDefaults:
    def test_are_what_the_definition_says(self, schema):
        """Attributes that are not given have their defaults, of the right type."""

        @schema
        class Settings(dj.Manual):
            definition = """
            id = 1 : int32
            ---
            gain = 1.5         : float64
            name = "it's"      : varchar(8)
            side = "left"      : enum('left', 'right')
            day = "2024-01-05" : date
            cost = 0.5         : decimal(4,2)
            good = true        : bool
            stamp = CURRENT_TIMESTAMP : datetime
            """

        before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        Settings.insert1({})
        row = Settings.fetch1()
        stamp = row.pop("stamp")

        assert {
            "id": 1,
            "gain": 1.5,
            "name": "it's",
            "side": "left",
            "day": date(2024, 1, 5),
            "cost": Decimal("0.50"),
            "good": True,
        } == row
        assert timedelta() <= stamp - before < timedelta(minutes=1)

    def test_of_the_key_is_a_key(self, declare):
        """A second row with the default key is a duplicate, which may be passed over or replace the first one."""
        Setting = declare("Setting", 'id = 1 : int32\n---\nname = "x" : varchar(8)\nunique index (name)', rows=[{}])
        with pytest.raises(DuplicateError):
            Setting.insert1({"name": "y"})
        Setting.insert1({"name": "y"}, skip_duplicates=True)
        assert [{"id": 1, "name": "x"}] == Setting.to_dicts()

        Setting.insert1({"name": "z"}, replace=True)
        assert [{"id": 1, "name": "z"}] == Setting.to_dicts()


class TestTableOfOneRow:
    @pytest.fixture
    def Setup(self, declare):
        """A table without a key."""
        return declare("Setup", "---\nroom : varchar(8)")

    def test_takes_one_row(self, Setup):
        """The second row is a duplicate; it may be passed over or replace the first."""
        Setup.insert1({"room": "east"})
        with pytest.raises(DuplicateError):
            Setup.insert1({"room": "west"})
        Setup.insert1({"room": "north"}, skip_duplicates=True)
        assert [{"room": "east"}] == Setup.to_dicts()

        Setup.insert1({"room": "south"}, replace=True)
        assert ([{"room": "south"}], [{}]) == (Setup.to_dicts(), Setup.keys())
        assert ({}, "south") == Setup.fetch1("KEY", "room")
