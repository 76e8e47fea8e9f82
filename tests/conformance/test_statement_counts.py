"""Every verb of rows sends few statements, whose number does not grow with the rows."""

from __future__ import annotations

import pytest

import djnb as dj


@pytest.fixture
def Sample(schema):
    """A table with three rows, which has been asked before."""

    @schema
    class Sample(dj.Manual):
        definition = "sample : int32\n---\nvalue : float64\nlabel = null : varchar(16)"

    Sample.insert((n, n / 2, None) for n in range(3))
    return Sample


def verbs(statements):
    return [sql.split()[0].upper() for sql in statements]


class TestStatementCounts:
    def test_one_row_is_one_statement(self, Sample, statements):
        """There is nothing to undo, so no transaction is opened."""
        Sample.insert1((3, 1.5, "x"))
        assert verbs(statements) == ["INSERT"]

    @pytest.mark.parametrize(("count", "batches"), [(2, 1), (10_000, 1), (25_000, 3)])
    def test_insert_is_a_transaction_of_batches(self, Sample, statements, count, batches):
        """BEGIN, one statement for each ten thousand rows, COMMIT."""
        Sample.insert((n, n / 2, None) for n in range(10, 10 + count))

        sent = [verb for verb in verbs(statements) if verb in ("BEGIN", "INSERT", "COMMIT")]
        assert sent == ["BEGIN", *["INSERT"] * batches, "COMMIT"]
        # A savepoint around each batch after the first, so that a refusal can be explained.
        assert len(statements) == 2 + batches + 2 * (batches - 1)

    def test_insert_from_a_query_is_one_statement(self, schema, Sample, statements):
        """The database copies the rows itself."""

        @schema
        class Copied(dj.Manual):
            definition = "sample : int32\n---\nvalue : float64\nlabel = null : varchar(16)"

        len(Copied)
        statements.clear()
        Copied.insert(Sample)
        assert verbs(statements) == ["INSERT"]

    def test_update1(self, Sample, statements):
        """One statement where something changes; one more where a server says that nothing has."""
        Sample.update1({"sample": 1, "value": 7.0})
        assert verbs(statements) == ["UPDATE"]

        statements.clear()
        Sample.update1({"sample": 1, "value": 7.0})
        assert verbs(statements) in (["UPDATE"], ["UPDATE", "SELECT"])

    def test_upsert(self, Sample, statements):
        """A thousand rows are read once, inserted once and changed once."""
        Sample.upsert({"sample": n, "value": float(n), "label": "new"} for n in range(900))

        assert len(statements) <= 8
        assert verbs(statements).count("SELECT") == 1

    @pytest.mark.parametrize("verb", ["to_dicts", "to_arrays", "to_pandas", "to_polars", "to_arrow", "keys", "head"])
    def test_fetch(self, Sample, statements, verb):
        """One statement in every form."""
        getattr(Sample, verb)()
        assert verbs(statements) == ["SELECT"]

    def test_fetch1_and_len(self, Sample, statements):
        """One statement each."""
        assert (Sample & {"sample": 1}).fetch1("value") == 0.5
        assert len(Sample) == 3
        assert verbs(statements) == ["SELECT"] * 2

    def test_validate_writes_nothing(self, Sample, statements):
        """Checking rows only reads, if it asks the database at all."""
        Sample.validate([{"sample": 1, "value": 2.0}, {"sample": 9}])
        assert set(verbs(statements)) <= {"SELECT"}
