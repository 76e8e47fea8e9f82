"""Populate: every missing key is made once, in a transaction of its own."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import (
    NotDeclaredError,
    OperandError,
    PopulateError,
    UnknownAttributeError,
)
from djnb.events import (
    KeyStarted,
    StatementSent,
)
from djnb.populate.result import PopulateResult
from tests.conformance.recordings import KEYS, fails_at, insert_mean, outline


class TestKeywordsOfDataJoint:
    def test_that_ask_for_nothing_are_taken(self, Result):
        """A program may go on to say what is so anyway."""
        result = Result.populate(
            KEYS[0], reserve_jobs=False, order="original", limit=None, processes=1, keys=None, priority=None
        )

        assert 1 == result.success_count

    @pytest.mark.parametrize(
        ("keyword", "said"),
        [
            ({"limit": -1}, r"limit=-1 is negative"),
            ({"order": "sorted"}, r"no order 'sorted' of keys\. There are: original, reverse, random"),
            ({"processes": 0}, r"processes=0 are none"),
            ({"executor": 4}, r"executor=4 has no `submit`"),
            ({"priority": 3}, r"priority=3 is about job queues\. Add `reserve_jobs=True`"),
            ({"refresh": True}, r"refresh=True is about job queues\. Add `reserve_jobs=True`"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, Result, statements, keyword, said):
        """The error says what there is or what to do instead, before any SQL is sent."""
        with pytest.raises(PopulateError, match=said):
            Result.populate(**keyword)

        assert [] == statements

    def test_others_are_unknown(self, Result):
        """A misspelt keyword is an error, as everywhere in Python."""
        with pytest.raises(TypeError, match="unexpected keyword argument 'supress_errors'"):
            Result.populate(supress_errors=True)


class TestDeprecated:
    def test_limit_is_how_many_keys_are_looked_at(self, Result):
        """`limit` works as it did, and the warning names `max_calls`."""
        with pytest.warns(DeprecationWarning, match="max_calls"):
            result = Result.populate(limit=2)

        assert (2, 1, KEYS[:2]) == (result.success_count, result.remaining, Result.keys())

    def test_order_may_be_reversed(self, Result, heard):
        """`order="reverse"` begins with the last key, and the warning names `priority`."""
        with pytest.warns(DeprecationWarning, match="priority"):
            Result.populate(order="reverse")

        assert KEYS[::-1] == [event.key for event in heard if isinstance(event, KeyStarted)]

    def test_order_may_be_random(self, Result):
        """`order="random"` makes every key too."""
        with pytest.warns(DeprecationWarning, match="priority"):
            Result.populate(order="random")

        assert KEYS == Result.keys()

    def test_keys_restrict(self, Result):
        """`keys=`, as 0.14 has it, makes those keys alone; the warning says to give them as a restriction."""
        with pytest.warns(DeprecationWarning, match=r"populate\(keys\)"):
            Result.populate(keys=KEYS[1:])

        assert KEYS[1:] == Result.keys()


class TestKeys:
    def test_come_in_the_order_of_the_primary_key(self, computed, heard):
        """Whatever the order of insertion, keys are made in their own order."""
        Result = computed(fails_at(None, None))

        Result.populate()

        assert KEYS == [event.key for event in heard if isinstance(event, KeyStarted)]

    def test_that_are_there_are_not_made_again(self, Result):
        """A second populate finds nothing to do; a new recording is the only thing that a third one makes."""
        first = Result.populate(KEYS[0])
        second = Result.populate()
        third = Result.populate()

        assert [1, 2, 0] == [result.success_count for result in (first, second, third)]

    def test_make_may_change_its_key(self, computed, heard):
        """The key is make's own copy: what it does to it concerns nobody else."""

        def make(self, key):
            row = dict(key, value=1.0)
            key.clear()
            self.insert1(row)

        Result = computed(make)

        Result.populate(KEYS[0])

        assert [("KeyStarted", 1), ("KeyFinished", 1)] == outline(heard)[1:-1]

    @pytest.mark.parametrize(("max_calls", "made", "remaining"), [(0, 0, 3), (2, 2, 1), (3, 3, 0), (9, 3, 0)])
    def test_max_calls_is_the_most_that_are_made(self, Result, max_calls, made, remaining):
        """`max_calls` counts calls of make; what is left for another time is said."""
        result = Result.populate(max_calls=max_calls)

        assert PopulateResult("Result", made, remaining=remaining) == result
        assert KEYS[:made] == Result.keys()

    def test_max_calls_counts_keys_that_fail(self, computed):
        """A call that fails is a call."""
        Result = computed(fails_at(1, ValueError("bad")))

        result = Result.populate(max_calls=2, suppress_errors=True)

        assert (1, [KEYS[0]], 1) == (result.success_count, result.failed_keys, result.remaining)

    def test_negative_max_calls_is_refused(self, Result, statements):
        """A negative number of calls is a slip, and is refused before any SQL is sent."""
        with pytest.raises(PopulateError, match=r"max_calls=-1 is negative\. Give the greatest number"):
            Result.populate(max_calls=-1)

        assert [] == statements

    def test_make_kwargs_reach_make(self, computed):
        """Further arguments for make are passed on."""

        def make(self, key, *, factor):
            self.insert1(dict(key, value=factor * key["recording_id"]))

        Result = computed(make)

        Result.populate(make_kwargs={"factor": 10})

        assert [10.0, 20.0, 30.0] == Result.to_arrays("value").tolist()


class TestRestrictions:
    @pytest.mark.parametrize(
        ("given", "made"),
        [
            ("recording_id >= 2", [2, 3]),
            ({"recording_id": 2}, [2]),
            ([{"recording_id": 1}, {"recording_id": 3}], [1, 3]),
            (["recording_id = 1", {"recording_id": 2}], [1, 2]),
            ([], []),
            (dj.Not("recording_id = 2"), [1, 3]),
            (dj.AndList(["recording_id > 1", "recording_id < 3"]), [2]),
        ],
        ids=["text", "dict", "keys", "mixed list", "empty list", "Not", "AndList"],
    )
    def test_anything_that_may_follow_an_ampersand(self, Result, given, made):
        """A restriction is a text, a dict, a list or a combination of them."""
        Result.populate(given)

        assert made == Result.to_arrays("recording_id").tolist()

    def test_query_restricts_by_its_rows(self, Result, Recording):
        """A query that uses attributes which the key does not have chooses among the keys."""
        Result.populate(restrictions=Recording & {"session_date": "2024-02-02"})

        assert [KEYS[1]] == Result.keys()

    def test_frame_restricts_by_its_rows(self, Result, Recording):
        """Keys looked up in a DataFrame are a restriction."""
        frame = Recording.to_pandas("session_date")

        Result.populate(frame[["session_date"]].iloc[1:])

        assert KEYS[1:] == Result.keys()

    def test_several_must_all_hold(self, Result):
        """Restrictions one after the other, and the one with a name, are all meant."""
        Result.populate("recording_id > 1", "recording_id < 4", restrictions={"recording_id": 3})

        assert [KEYS[2]] == Result.keys()

    def test_misspelt_attribute_is_refused_before_any_sql(self, Result, statements):
        """A slip in a restriction is an error with a suggestion, not a populate of everything or nothing."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'recording_id'"):
            Result.populate("recordingid > 1")

        assert [] == statements

    def test_failed_keys_restrict_the_next_populate(self, computed):
        """What failed is populated again by giving `result.failed_keys` back."""
        broken = [ValueError("not yet")]

        def make(self, key):
            if broken and key["recording_id"] != 3:
                raise broken[0]
            self.insert1(dict(key, value=1))

        Result = computed(make)
        result = Result.populate(suppress_errors=True)
        broken.clear()

        again = Result.populate(result.failed_keys)

        assert (1, 2) == (result.success_count, again.success_count)


class TestCannotRun:
    def test_class_without_make(self, computed, statements):
        """Without make there is nothing to call; the error shows what one looks like."""
        Result = computed()
        statements.clear()

        with pytest.raises(PopulateError, match=r"`Result` has no `make`\. Define `def make\(self, key\)`"):
            Result.populate()

        assert [] == statements

    def test_restricted_table(self, Result):
        """What is restricted is the key source, by an argument, and the error shows how."""
        with pytest.raises(
            PopulateError, match=r"Give the restriction as an argument: `Result\.populate\(restriction\)`"
        ):
            (Result & KEYS[0]).populate()

        assert [] == Result.to_dicts()

    def test_within_a_transaction(self, connection, Result):
        """Every key has a transaction of its own, so there must be none around."""
        with connection.transaction(), pytest.raises(PopulateError, match="was called within a transaction"):
            Result.populate()

        assert [] == Result.to_dicts()

    def test_class_that_no_schema_has_decorated(self):
        """The error says what is missing above the class."""

        class Loose(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        with pytest.raises(NotDeclaredError, match="Write `@schema` on the line above `class Loose`"):
            Loose.populate()

    def test_manual_table_has_no_populate(self, Recording):
        """Rows of Manual tables come from people."""
        assert not hasattr(Recording, "populate")


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


class TestSomebodyElse:
    def test_made_the_key_meanwhile(self, connection, computed, heard):
        """A key that another worker finished first is passed over: no error, and its row stays as it is."""
        Result = computed(fails_at(None, None))

        def overtake(event):
            if event.key == KEYS[1]:
                Result.insert1(dict(KEYS[1], value=99), allow_direct_insert=True)

        with connection.bus.subscribed(overtake, KeyStarted):
            result = Result.populate()

        assert PopulateResult("Result", 2, skipped_count=1) == result
        assert "Result: 2 made, 1 already there" == str(result)
        assert [1.0, 99.0, 3.0] == Result.to_arrays("value").tolist()
        assert [("KeyStarted", 2), ("KeySkipped", 2), ("KeyStarted", 3)] == outline(heard)[3:6]


def words(statements):
    """Return the first word of each statement; of several that travel together, "BEGIN" for those that begin."""
    return ["BEGIN" if "BEGIN" in sql else sql.split()[0].rstrip(";") for sql in statements]


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


ERRORS = [({"recording_id": n}, f"ValueError: <b>bad</b> spike {n}") for n in range(7)]


class TestResult:
    """The value that a populate returns."""

    def test_iterating_yields_the_errors(self):
        """It stands for the list of errors, and its length is theirs."""
        result = PopulateResult("Analysis", 3, ERRORS)

        assert (ERRORS, 7) == (list(result), len(result))

    def test_result_without_errors_is_false_as_a_list_of_errors_is(self):
        """`if errors:` means what it says."""
        assert (False, True) == (bool(PopulateResult("Analysis", 3)), bool(PopulateResult("Analysis", 3, ERRORS)))

    def test_items_are_those_of_datajoint(self):
        """`result["success_count"]` and `result["error_list"]` work; other names are no items."""
        result = PopulateResult("Analysis", 3, ERRORS)

        assert (3, ERRORS) == (result["success_count"], result["error_list"])
        with pytest.raises(KeyError):
            result["duration"]

    def test_repr_counts_and_shows_the_first_errors(self):
        """The plain view is honest: counts, five errors, and where the others are."""
        result = PopulateResult("Analysis", 3, ERRORS, skipped_count=2, remaining=4, is_stopped=True)

        assert [
            "Analysis: 3 made, 7 failed, 2 already there, 4 left, stopped",
            *(f"  recording_id={n}: ValueError: <b>bad</b> spike {n}" for n in range(5)),
            "  … and 2 more in .error_list",
            "Populate again to make what is missing.",
        ] == repr(result).splitlines()

    def test_nothing_more_is_to_be_done(self):
        """A populate that made everything says so in one line."""
        assert "Analysis: 3 made" == repr(PopulateResult("Analysis", 3))

    def test_html_is_escaped_and_bounded(self):
        """What a make raised cannot write into the notebook's page."""
        html = PopulateResult("Analysis", 3, ERRORS)._repr_html_()

        assert (True, False, 6) == (
            "ValueError: &lt;b&gt;bad&lt;/b&gt; spike 4" in html,
            "<b>bad" in html or "spike 5" in html,
            html.count("<li>"),
        )

    def test_exception_objects_are_shown_as_their_messages(self):
        """The views are the same for exceptions as for messages."""
        result = PopulateResult("Analysis", 0, [({"recording_id": 1}, ValueError("bad"))])

        assert "recording_id=1: ValueError: bad" in repr(result)
        assert "recording_id=1</code>: ValueError: bad" in result._repr_html_()
