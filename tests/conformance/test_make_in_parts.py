"""A make in three parts, or as a generator: its computation needs no database."""

from __future__ import annotations

import numpy as np
import pytest

import djnb as dj
from djnb.errors import InputsChangedError, MakeError, MakeFormError
from tests.conformance.recordings import KEYS, server_only


@pytest.fixture
def parts(computed, Recording):
    """Give a function that declares `Result` with three parts, some of them replaced."""

    def declare(**replaced):
        members = {
            "make_fetch": lambda self, key: ((Recording & key).fetch1("data"),),
            "make_compute": lambda self, key, data: (data.mean(),),
            "make_insert": lambda self, key, value: self.insert1(dict(key, value=value)),
            **replaced,
        }
        return computed(**{name: part for name, part in members.items() if part is not None})

    return declare


class TestThreeParts:
    def test_what_one_returns_the_next_one_takes(self, parts):
        """Fetch, compute, insert, for every key."""
        Result = parts()

        Result.populate()

        assert [1.0, 2.0, 3.0] == Result.to_arrays("value").tolist()

    def test_lists_will_do(self, parts):
        """A list is as good as a tuple."""
        Result = parts(make_compute=lambda self, key, data: [data.mean()])

        assert 3 == Result.populate().success_count

    def test_make_kwargs_are_for_the_first(self, parts):
        """Further arguments go to what fetches, as in DataJoint."""
        Result = parts(make_fetch=lambda self, key, factor: (np.array([factor * key["recording_id"]]),))

        Result.populate(make_kwargs={"factor": 10})

        assert [10.0, 20.0, 30.0] == Result.to_arrays("value").tolist()

    def test_each_runs_once(self, parts):
        """Nothing is fetched or computed twice: what was fetched is compared without a second call."""
        calls = []
        Result = parts(
            make_fetch=lambda self, key: calls.append("fetch") or (1.0,),
            make_compute=lambda self, key, value: calls.append("compute") or (value,),
        )

        Result.populate(KEYS[0])

        assert ["fetch", "compute"] == calls

    def test_inputs_that_change_while_it_computes_are_fetched_again(self, database_url, schema, parts, Recording):
        """The result follows from what is there when it is kept."""
        calls = []

        def make_compute(self, key, data):
            calls.append(data.mean())
            if len(calls) == 1:
                with dj.Connection(database_url) as connection:
                    other = dj.VirtualModule("other", schema.name, connection=connection)
                    other.Recording.update1({"recording_id": 1, "data": np.full(4, 9.0)})
            return (data.mean(),)

        Result = parts(make_compute=make_compute)

        Result.populate(KEYS[0])

        assert ([1.0, 9.0], 9.0) == (calls, Result.fetch1("value"))

    def test_inputs_that_change_each_time_are_an_error(self, database_url, schema, parts):
        """After five times, the error names what changes."""

        def make_compute(self, key, data):
            with dj.Connection(database_url) as connection:
                other = dj.VirtualModule("other", schema.name, connection=connection)
                other.Recording.update1({"recording_id": 1, "data": data + 1})
            return (0,)

        Result = parts(make_compute=make_compute)

        with pytest.raises(MakeError) as caught:
            Result.populate(KEYS[0])

        assert isinstance(caught.value.__cause__, InputsChangedError)
        assert "`Recording` (data)" in str(caught.value)

    @server_only
    def test_computing_needs_no_connection(self, connection, parts, mysql_admin):
        """The server may end the connection meanwhile: what was computed is inserted on another one."""
        calls = []

        def make_compute(self, key, data):
            calls.append(key["recording_id"])
            assert not connection._sessions.current().driver.in_transaction
            mysql_admin(f"KILL {connection.connection_id}")
            return (data.mean(),)

        Result = parts(make_compute=make_compute)

        Result.populate()

        assert ([1, 2, 3], [1.0, 2.0, 3.0]) == (calls, Result.to_arrays("value").tolist())

    @pytest.mark.parametrize("part", ["make_fetch", "make_compute"])
    @pytest.mark.parametrize(("value", "said"), [(None, "nothing"), (1.5, "a value of type `float`")])
    def test_that_return_no_tuple_are_told(self, parts, part, value, said):
        """A forgotten comma is an error that shows it, not one of unpacking."""
        Result = parts(**{part: lambda self, key, *given: value})

        with pytest.raises(MakeError) as caught:
            Result.populate(KEYS[0])

        assert isinstance(caught.value.__cause__, MakeFormError)
        assert (
            f"`Result.{part}` returned {said}, where a tuple is expected. Return all values as a tuple, "
            "also a single one: `return (data,)`, and `return ()` if there is none."
        ) == str(caught.value.__cause__)

    def test_of_which_one_is_missing_are_refused_before_any_sql(self, parts, statements):
        """The error says which, and what each of them does."""
        Result = parts(make_compute=None)
        statements.clear()

        with pytest.raises(MakeFormError) as caught:
            Result.populate()

        assert "`Result` has `make_fetch` and `make_insert`, but not `make_compute`." in str(caught.value)
        assert [] == statements

    def test_make_itself_goes_before_them(self, parts):
        """A class that has both is made by its make."""
        Result = parts(make=lambda self, key: self.insert1(dict(key, value=7)))

        Result.populate(KEYS[0])

        assert 7.0 == Result.fetch1("value")


class TestGenerator:
    @pytest.mark.parametrize("asks", [True, False], ids=["if computed is None", "without asking"])
    @pytest.mark.parametrize("signs", [True, False], ids=["with a last yield", "without"])
    def test_however_it_ends(self, computed, Recording, asks, signs):
        """With or without the question whether it has computed already, with or without a bare yield at its end."""

        def make(self, key):
            data = (Recording & key).fetch1("data")
            result = yield (data,)
            if not asks or result is None:
                result = yield (data.mean(),)
            self.insert1(dict(key, value=result[0]))
            if signs:
                yield

        Result = computed(make)

        Result.populate()

        assert [1.0, 2.0, 3.0] == Result.to_arrays("value").tolist()

    def test_that_keeps_its_own_values(self, computed, Recording):
        """What it sent out it need not take back."""

        def make(self, key):
            data = (Recording & key).fetch1("data")
            yield data
            mean = data.mean()
            yield mean
            self.insert1(dict(key, value=mean))

        Result = computed(make)

        Result.populate()

        assert [1.0, 2.0, 3.0] == Result.to_arrays("value").tolist()

    def test_that_raises_is_an_error_of_its_key(self, computed, Recording):
        """Nothing of the key is kept, and what it had opened is closed."""
        closed = []

        def make(self, key):
            try:
                yield ()
                self.insert1(dict(key, value=1))
                if key["recording_id"] == 2:
                    raise ValueError("bad spike")
                yield ()
            finally:
                closed.append(key["recording_id"])

        Result = computed(make)

        result = Result.populate(suppress_errors=True)

        assert ([1, 2, 3], [KEYS[1]], [KEYS[0], KEYS[2]]) == (closed, result.failed_keys, Result.keys())

    def test_make_kwargs_are_its_own(self, computed):
        """Further arguments are those of the generator."""

        def make(self, key, *, factor):
            yield ()
            yield ()
            self.insert1(dict(key, value=factor * key["recording_id"]))

        Result = computed(make)

        Result.populate(make_kwargs={"factor": 10})

        assert [10.0, 20.0, 30.0] == Result.to_arrays("value").tolist()


class TestLegacy:
    def test_make_tuples(self, computed):
        """`_make_tuples`, as make was called once, makes a key."""
        Result = computed(_make_tuples=lambda self, key: self.insert1(dict(key, value=1)))

        assert 3 == Result.populate().success_count

    def test_one_transaction_for_all(self, connection, computed, Recording):
        """`make_in_transaction` on a table asks for a transaction around all of make."""

        def make(self, key):
            assert connection._sessions.current().driver.in_transaction
            self.insert1(dict(key, value=(Recording & key).fetch1("data").mean()))

        Result = computed(make, make_in_transaction=True)

        assert 3 == Result.populate().success_count
