"""How few statements short keys cost, which are kept several at a time by one transaction."""

from __future__ import annotations

import djnb as dj
from djnb.jobs import points
from tests.conformance.recordings import server_only
from tests.conformance.together.results import commits, doubles, made


class TestStatements:
    def test_are_those_of_one_transaction(self, doubled, numbers, statements):
        """The first key shows that keys are short; of the others each costs its fetch, and all of them three more."""
        statements.clear()

        result = doubled.populate()

        said = [sql.split()[0].rstrip(";") if "BEGIN" not in sql else "BEGIN" for sql in statements]
        assert said == [
            *["SELECT", "SELECT", "BEGIN", "INSERT", "COMMIT"],
            *["SELECT"] * 11,
            *["BEGIN", "INSERT", "COMMIT"],
        ]
        assert (12, doubles(numbers)) == (result.success_count, made(doubled))

    @server_only
    def test_read_again_what_differs_in_values_only_by_one(self, doubled, statements):
        """Beside a file, which knows that nobody has written, the eleven keys' fetches are asked again as one."""
        doubled.populate()

        (said,) = [sql for sql in statements if "BEGIN" in sql and "UNION ALL" in sql]
        assert said.count("UNION ALL") == 10

    def test_with_two_columns_of_a_name_are_read_again_one_by_one(self, connection, computed, Recording, statements):
        """As no part of a statement may have them; the keys are kept together all the same."""
        name = connection.dialect.table(Recording.name)

        def make(self, key):
            connection.query(
                f"SELECT recording_id, recording_id FROM {name} WHERE recording_id < {key['recording_id']}"
            )
            self.insert1(dict(key, value=1))

        Result = computed(make)
        statements.clear()

        assert (3, 2) == (Result.populate().success_count, commits(statements))

    def test_are_few_with_jobs(self, doubled, numbers, statements):
        """All jobs are completed by one statement, which travels with the beginning."""
        doubled.populate(reserve_jobs=True, max_calls=1)
        statements.clear()

        result = doubled.populate(reserve_jobs=True, refresh=False)

        assert (11, doubles(numbers), 0) == (result.success_count, made(doubled), len(doubled.jobs))
        assert commits(statements) == 2

    def test_of_masters_and_parts_are_one_for_each_table(self, computed, numbers, statements):
        """Rows for the same table are inserted together, masters before their parts."""

        class Half(dj.Part):
            definition = "-> master\nhalf : int32"

        def make(self, key):
            self.insert1(dict(key, value=2 * key["recording_id"]))
            self.Half.insert([dict(key, half=0), dict(key, half=1)])

        Result = computed(make, Half=Half)
        statements.clear()

        Result.populate()

        assert (12, 24) == (len(Result()), len(Result.Half()))
        assert 4 == sum(sql.startswith("INSERT") for sql in statements)

    def test_are_those_of_each_key_if_asked(self, doubled, statements):
        """`jobs.keep_interval = 0` keeps every key by itself."""
        with dj.config.override(jobs__keep_interval=0):
            doubled.populate()

        assert commits(statements) == 12

    def test_of_a_key_are_less_than_two_with_jobs(self, doubled, Recording, statements):
        """Over many keys: its fetch, and its part of claims, transactions and signs of life."""
        Recording.insert([(n, "2024-04-04", 0.0) for n in range(13, 313)])
        doubled.populate(reserve_jobs=True, max_calls=2)
        statements.clear()

        result = doubled.populate(reserve_jobs=True)

        assert result.success_count == 310
        assert len(statements) < 2 * 310

    def test_no_more_than_some_dozens_wait(self, doubled, Recording, statements):
        """What they have read and written is locked for the length of the transaction: so it is short."""
        Recording.insert([(n, "2024-04-04", 0.0) for n in range(13, 73)])
        statements.clear()

        assert doubled.populate().success_count == 72

        assert commits(statements) == 4


def test_points_are_those_of_any_key(doubled):
    """A test of a user's finds its points here too."""
    reached = []

    with points.at("after_verify", lambda: reached.append("verify")):
        doubled.populate()

    assert ["verify"] * 2 == reached
