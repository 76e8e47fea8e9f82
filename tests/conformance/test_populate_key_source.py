"""Which keys are to be made: by default those of the parents, or those of a query."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, PopulateError
from tests.conformance.recordings import KEYS, fails_at


class TestKeySource:
    def test_is_by_default_the_join_of_the_parents(self, schema, Recording):
        """Every recording meets every method, renamed as the table renames them."""

        @schema
        class Method(dj.Lookup):
            definition = "method : varchar(8)"
            contents = (("fast",), ("slow",))

        @schema
        class Compared(dj.Computed):
            definition = """
            -> Recording.proj(left_id="recording_id")
            -> Method
            ---
            -> Recording
            """

            def make(self, key):
                self.insert1(dict(key, recording_id=key["left_id"]))

        assert [{"left_id": n, "method": m} for n in (1, 2, 3) for m in ("fast", "slow")] == Compared.key_source.keys()

        Compared.populate("left_id = 2", {"method": "slow"})

        assert [{"left_id": 2, "method": "slow", "recording_id": 2}] == Compared.to_dicts()

    def test_as_an_attribute(self, computed, Recording):
        """A query as a class attribute says which keys the table should have."""
        Result = computed(fails_at(None, None), key_source=Recording & "recording_id > 1")

        Result.populate()

        assert (KEYS[1:], (2, 2)) == (Result.keys(), Result.progress(display=False))

    def test_as_a_property(self, computed, Recording):
        """A property is asked anew every time."""
        newest = [2]
        source = property(lambda self: Recording & f"recording_id <= {newest[0]}")
        Result = computed(fails_at(None, None), key_source=source)
        Result.populate()
        newest[0] = 3

        result = Result.populate()

        assert 1 == result.success_count
        assert KEYS == Result.keys()

    def test_as_a_class(self, computed, Recording):
        """A table class is a query for all its rows."""
        Result = computed(fails_at(None, None), key_source=Recording)

        Result.populate("recording_id = 3")

        assert [KEYS[2]] == Result.keys()

    def test_with_secondary_attributes_may_be_restricted_by_them(self, computed, Recording):
        """A key source that carries a date can be restricted by it in a text; make still gets the key alone."""
        given = []
        Result = computed(fails_at(None, None, before=lambda self, key: given.append(key)), key_source=Recording)

        Result.populate("session_date < '2024-01-01'")

        assert [KEYS[0]] == given

    def test_with_an_attribute_that_the_table_lacks(self, computed, schema):
        """The error names the attribute, before any key is made."""

        @schema
        class Stranger(dj.Manual):
            definition = "stranger : int32"

        Result = computed(fails_at(None, None), key_source=Stranger)

        with pytest.raises(
            PopulateError,
            match=r"The key source of `Result` has the attribute 'stranger', which the table lacks\. "
            r"Its key is: stranger\. Project or aggregate",
        ):
            Result.populate()

    def test_that_is_no_query(self, computed):
        """A list of keys is no key source."""
        Result = computed(fails_at(None, None), key_source=KEYS)

        with pytest.raises(OperandError, match="Give a query or a table"):
            Result.populate()

    def test_of_a_table_without_parents_in_its_key(self, computed):
        """There is nothing to make keys from, and the error says what to add."""
        Result = computed(fails_at(None, None), definition="own : int32\n---\n-> Recording", allow_new_pk_fields=True)

        with pytest.raises(PopulateError, match="Add `-> Parent` to the primary key, or define `key_source`"):
            Result.populate()
