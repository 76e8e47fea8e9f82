"""How long a server waits for a make that has begun to write."""

from __future__ import annotations

import pytest

import djnb as dj
from tests.conformance.crew import wait_until
from tests.conformance.recordings import KEYS, server_only


@server_only
class TestIdle:
    """How long a server waits for whoever has begun to write."""

    @staticmethod
    def patience(connection):
        return connection.query("SELECT @@SESSION.wait_timeout").fetchone()[0]

    @pytest.mark.parametrize("error", [None, ValueError("no")])
    def test_is_short_in_the_transaction_and_as_before_after_it(self, connection, computed, statements, error):
        """Only while rows are written and not kept; whether they are kept or undone, in no further round trip."""
        seen = []

        def make(self, key):
            seen.append(self_patience(connection))
            self.insert1(dict(key, value=1))
            seen.append(self_patience(connection))
            if error is not None:
                raise error

        self_patience = self.patience
        connection.query("SET SESSION wait_timeout = 12345")
        Result = computed(make)
        Result.heading
        statements.clear()
        with dj.config.override(jobs__lease_time=77):
            Result.populate(suppress_errors=True)

        assert [12345, 77] * 3 == seen
        assert 12345 == self_patience(connection)
        travels = [sql for sql in statements if "@djnb_wait" in sql]
        assert ["SET", "ROLLBACK" if error else "COMMIT"] * 3 == [sql.split(";")[0].split()[0] for sql in travels]
        assert all("BEGIN" in sql for sql in travels[::2])

    def test_pauses_between_two_writes_cost_nothing(self, connection, computed, mysql_admin, monkeypatch):
        """Who computes for longer than that within the transaction finds it undone, and what was written is written."""
        monkeypatch.setattr("djnb.connection.finishing.ATTEMPTS", 1)
        monkeypatch.setattr("djnb.connection.finishing.PATIENCE_SECONDS", 0.5)
        calls, ended = [], set()

        def make(self, key):
            calls.append(key)
            for number in (1, 2, 3):
                self.insert1(dict(key, value=number), replace=True)
                ended.add(connection.connection_id)
                there = f"SELECT 1 FROM information_schema.processlist WHERE id = {connection.connection_id}"
                wait_until(lambda there=there: not mysql_admin(there), "the server has ended the connection")

        Result = computed(make)
        with dj.config.override(jobs__lease_time=1):
            result = Result.populate(KEYS[0])

        assert (1, 1, 3) == (result.success_count, len(calls), len(ended))
        assert [3.0] == Result.to_arrays("value").tolist()
