"""How many statements a populate costs."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.events import StatementSent
from tests.conformance.recordings import fails_at, insert_mean


def words(statements):
    """Return the first word of each statement; of several that travel together, "BEGIN" for those that begin."""
    return ["BEGIN" if "BEGIN" in sql else sql.split()[0].rstrip(";") for sql in statements]


@pytest.mark.usefixtures("each_alone")
class TestStatements:
    """What a populate costs, in statements: the cost that users on a lab server feel."""

    def test_four_for_each_key_of_one_fetch_and_one_insert(self, Result, statements):
        """One question for the keys; then, for each, its fetch, and its insert between BEGIN and COMMIT."""
        Result.populate()

        per_key = ["SELECT", "BEGIN", "INSERT", "COMMIT"]
        assert ["SELECT", *per_key * 3] == words(statements)

    def test_two_besides_what_make_sends(self, computed, statements):
        """A make that only inserts costs its insert and the transaction."""
        Result = computed(fails_at(None, None))
        statements.clear()

        Result.populate()

        assert ["SELECT", *["BEGIN", "INSERT", "COMMIT"] * 3] == words(statements)

    def test_one_if_there_is_nothing_to_do(self, Result, statements):
        """Asking whether anything is missing is one question."""
        Result.populate()
        statements.clear()

        Result.populate()

        assert ["SELECT"] == [sql.split()[0] for sql in statements]

    def test_failed_key_costs_nothing_more(self, computed, statements):
        """A key that fails before it inserts has no transaction to undo, and is not asked about again."""
        Result = computed(fails_at(2, ValueError()))
        statements.clear()

        Result.populate(suppress_errors=True)

        assert ["SELECT", *["BEGIN", "INSERT", "COMMIT"] * 2] == words(statements)

    def test_of_the_classic_form(self, computed, Recording, statements):
        """One transaction around all of a make costs four statements too."""
        Result = computed(insert_mean, recording=Recording, make_in_transaction=True)
        statements.clear()

        Result.populate()

        assert ["SELECT", *["BEGIN", "SELECT", "INSERT", "COMMIT"] * 3] == words(statements)

    def test_first_populate_of_a_kernel_reads_the_schema_once(self, database_url, schema, Result):
        """A fresh connection asks once what the schema holds, besides the keys."""
        Result.populate()
        sent = []
        with dj.Connection(database_url) as fresh, fresh.bus.subscribed(lambda e: sent.append(e.sql), StatementSent):
            again = dj.Schema(schema.name, connection=fresh, create_tables=False)

            @again
            class Result(dj.Computed):
                definition = "-> Recording"

                def make(self, key):
                    self.insert1(key)

            Result.populate()

        assert 2 == len(sent)
