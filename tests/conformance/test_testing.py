"""What djnb offers to the tests of other people's pipelines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import djnb as dj
from djnb import testing
from djnb.errors import EmptyMakeError, PopulateError
from djnb.events import RowsInserted
from tests.conformance.recordings import KEYS, fails_at, insert_mean


class TestTemporaryDatabase:
    def test_serves_the_modules_of_a_pipeline_as_they_are(self):
        """A schema that is given no connection lives in it for the block, in a file that is gone afterwards."""
        schema = dj.Schema()

        @schema
        class Mouse(dj.Manual):
            definition = "mouse : int32"

        with testing.temporary_database() as connection:
            schema.activate("lab")
            Mouse.insert1((1,))

            assert (connection, [1]) == (dj.conn(), list(Mouse.fetch("mouse")))
            assert Path(connection.address.path).exists()
        assert not Path(connection.address.path).parent.exists()
        assert connection.is_closed

    def test_gives_the_default_back(self, connection):
        """Afterwards, schemas use the connection that they used before."""
        with testing.as_default(connection):
            with testing.temporary_database():
                assert dj.conn() is not connection
            assert dj.conn() is connection


class TestTemporarySchema:
    def test_is_dropped_with_its_tables(self, connection):
        """Also where the block raises."""
        seen = []

        def use():
            with testing.temporary_schema(connection, prefix="djnb_test_lab_") as schema:
                schema(type("Mouse", (dj.Manual,), {"definition": "mouse : int32"}))
                seen.append((schema.name, schema.list_tables(), schema.name in connection.list_schemas()))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            use()

        ((name, tables, is_there),) = seen
        assert (["mouse"], True, False) == (tables, is_there, name in connection.list_schemas())

    def test_needs_no_connection(self):
        """Without one it is in a file of its own."""
        with testing.temporary_schema() as schema:
            assert [schema.name] == schema.connection.list_schemas()


class TestRecorded:
    def test_keeps_the_events_that_were_asked_for(self, connection, Recording):
        """Those of the block, of these kinds."""
        with testing.recorded(connection, RowsInserted) as events:
            Recording.insert1((4, "2024-04-04", np.zeros(1)))
            Recording.fetch("KEY")
        Recording.insert1((5, "2024-05-05", np.zeros(1)))

        assert [RowsInserted(Recording.full_table_name, 1)] == events


class TestPopulateKey:
    def test_makes_one_key_and_returns_its_rows(self, Result):
        """The others are left alone."""
        assert [{"recording_id": 2, "value": 2.0}] == testing.populate_key(Result, {"recording_id": 2})
        assert [KEYS[1]] == Result.keys()

    def test_raises_what_make_raises(self, computed):
        """A test expects the error of its own code, not that of the machine around it."""
        Result = computed(fails_at(2, ValueError("too loud")))

        with pytest.raises(ValueError, match="too loud"):
            testing.populate_key(Result, {"recording_id": 2})
        assert [] == Result.keys()

    def test_that_inserts_nothing_is_an_error(self, computed):
        """As in a populate."""
        with pytest.raises(EmptyMakeError):
            testing.populate_key(computed(lambda self, key: None), {"recording_id": 2})

    def test_passes_arguments_on(self, computed):
        """For a `make` that takes more than the key."""
        Result = computed(lambda self, key, value: self.insert1(dict(key, value=value)))

        assert [{"recording_id": 1, "value": 7.0}] == testing.populate_key(Result, {"recording_id": 1}, {"value": 7.0})

    @pytest.mark.parametrize(("key", "complaint"), [({"recording_id": 9}, "no keys"), ({}, "3 keys")])
    def test_that_is_not_one_is_refused(self, Result, key, complaint):
        """A typing error would pass for a test that passes."""
        with pytest.raises(PopulateError, match=complaint):
            testing.populate_key(Result, key)

    def test_that_is_there_is_refused(self, computed, Recording):
        """`make` would not be called."""
        Result = computed(insert_mean, recording=Recording)
        testing.populate_key(Result, KEYS[0])

        with pytest.raises(PopulateError, match=r"has the key .* already"):
            testing.populate_key(Result, KEYS[0])
