"""Short keys are kept several at a time, with nothing changed for what a make does."""

from __future__ import annotations

import contextlib

import pytest

import djnb as dj
from djnb.errors import DuplicateError, MakeError
from djnb.sql.statement import Statement
from tests.conformance.crew import wait_until
from tests.conformance.recordings import fails_at
from tests.conformance.together.results import made


class TestMake:
    def test_that_fails_costs_no_other_key(self, computed, numbers, reserve_jobs):
        """What was computed before is kept, and so is what comes after."""
        Result = computed(fails_at(6, ValueError("bad spike")))

        result = Result.populate(suppress_errors=True, reserve_jobs=reserve_jobs)

        assert (11, ["ValueError: bad spike"]) == (result.success_count, [text for _, text in result])
        assert {float(n) for n in numbers if n != 6} == set(made(Result).values())

    def test_that_fails_after_it_has_inserted_leaves_nothing(self, computed, numbers, reserve_jobs):
        """Neither its rows nor a job; it is called once."""
        calls = []

        def make(self, key):
            calls.append(key["recording_id"])
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 6:
                raise ValueError("bad spike")

        Result = computed(make)

        result = Result.populate(suppress_errors=True, reserve_jobs=reserve_jobs)

        assert (11, 1) == (result.success_count, len(result.error_list))
        assert [n for n in numbers if n != 6] == sorted(made(Result))
        assert list(numbers) == calls

    def test_whose_error_ends_the_run_keeps_those_before(self, computed, numbers, reserve_jobs):
        """And counts them."""
        Result = computed(fails_at(6, ValueError("bad spike")))

        with pytest.raises(MakeError) as caught:
            Result.populate(reserve_jobs=reserve_jobs)

        assert (5, 5) == (caught.value.result.success_count, len(Result()))

    def test_that_asks_for_rows_of_earlier_keys_gets_them(self, computed, numbers, reserve_jobs):
        """A running sum is right, although what it sums up was waiting."""

        def make(self, key):
            before = (type(self)() & f"recording_id < {key['recording_id']}").to_arrays("value")
            self.insert1(dict(key, value=1 + before.sum()))

        Result = computed(make)

        Result.populate(reserve_jobs=reserve_jobs)

        assert {n: 2.0 ** (n - 1) for n in numbers} == made(Result)

    def test_that_catches_a_refusal_hears_of_it(self, computed, numbers):
        """What a make inserts is refused where it stands in the make, not when it is kept."""
        calls = []

        def make(self, key):
            calls.append(key["recording_id"])
            self.insert1(dict(key, value=1))
            with contextlib.suppress(DuplicateError):
                self.insert1(dict(key, value=2))
                raise AssertionError("nothing was refused")

        Result = computed(make)

        result = Result.populate()

        assert (12, dict.fromkeys(numbers, 1.0)) == (result.success_count, made(Result))

    def test_that_undoes_a_part_of_what_it_inserts_keeps_the_rest(self, connection, computed, numbers):
        """`connection.atomic()` holds for rows that are held back."""

        class Half(dj.Part):
            definition = "-> master\nhalf : int32"

        def make(self, key):
            self.insert1(dict(key, value=1))
            with contextlib.suppress(LookupError), connection.atomic():
                self.Half.insert([dict(key, half=0), dict(key, half=1)])
                raise LookupError
            with connection.atomic():
                self.Half.insert([dict(key, half=2), dict(key, half=3)])

        Result = computed(make, Half=Half)

        result = Result.populate()

        assert (12, {2, 3}, 24) == (
            result.success_count,
            set(Result.Half.to_arrays("half").tolist()),
            len(Result.Half()),
        )

    def test_that_reads_after_it_has_inserted_finds_its_rows(self, computed, numbers):
        """Such a key is kept by itself."""
        seen = []

        def make(self, key):
            self.insert1(dict(key, value=1))
            seen.append(len(type(self)() & key))

        Result = computed(make)

        Result.populate()

        assert [1] * 12 == seen

    def test_that_takes_long_keeps_nobody_waiting(self, connection, database_url, computed, numbers):
        """What was computed before it is kept meanwhile, by a thread."""
        seen = []

        def make(self, key):
            if key["recording_id"] == 4:
                rows = Statement(f"SELECT COUNT(*) FROM {connection.dialect.table(Result.name)}")
                wait_until(lambda: other.execute(rows).rows[0][0] == 3, "the keys before are there")
                seen.append(key)
            self.insert1(dict(key, value=1))

        Result = computed(make)
        with dj.Connection(database_url) as other, dj.config.override(jobs__keep_interval=0.05):
            result = Result.populate(max_calls=6)

        assert (6, 1) == (result.success_count, len(seen))

    def test_calls_are_counted_exactly(self, doubled, reserve_jobs):
        """`max_calls` counts those that wait too."""
        assert [5, 5, 2] == [doubled.populate(max_calls=5, reserve_jobs=reserve_jobs).success_count for _ in range(3)]
