"""The rows that meet a condition, whatever the condition is written as."""

# ruff: noqa: DTZ001 -- times in a database are UTC without saying so
from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import InvalidValueError, OperandError, QuerySyntaxError, UnknownAttributeError
from djnb.query import SemanticWarning

UUIDS = [UUID(int=number) for number in range(1, 5)]


@pytest.fixture(scope="module")
def connection(shared_connection):
    """These tests only read."""
    return shared_connection


@pytest.fixture(scope="module")
def schema(shared_schema):
    """Declared once for all of them."""
    return shared_schema


@pytest.fixture(scope="module")
def Session(schema):
    """Four sessions; the last one has nothing but its key."""

    @schema
    class Session(dj.Manual):
        definition = """
        session_id : int32
        ---
        name = null   : varchar(20)
        score = null  : float64
        trials = null : int16
        day = null    : date
        start = null  : datetime
        token = null  : uuid
        price = null  : decimal(8,2)
        good = null   : bool
        side = null   : enum('left', 'right')
        order = null  : int32
        traces = null : <blob>
        """

    Session.insert(
        [
            {
                "session_id": 1,
                "name": "ann's 50%",
                "score": 0.5,
                "trials": 10,
                "day": "2024-01-05",
                "start": "2024-01-05 09:00:00",
                "token": UUIDS[0],
                "price": "9.50",
                "good": True,
                "side": "left",
                "order": 3,
                "traces": [1],
            },
            {
                "session_id": 2,
                "name": "a_b",
                "score": 1.5,
                "trials": 20,
                "day": "2024-02-05",
                "start": "2024-02-05 09:00:01",
                "token": UUIDS[1],
                "price": "10.00",
                "good": False,
                "side": "right",
                "order": 2,
                "traces": [2],
            },
            {
                "session_id": 3,
                "name": "axb",
                "score": -1,
                "trials": 0,
                "day": "2024-03-05",
                "start": "2024-03-05 23:59:59",
                "good": True,
                "side": "left",
                "order": 1,
            },
            {"session_id": 4},
        ]
    )
    return Session


@pytest.fixture(scope="module")
def Trial(schema, Session):
    """Two trials of the first session, one of the second."""

    @schema
    class Trial(dj.Manual):
        definition = """
        -> Session
        trial : int32
        ---
        outcome = null : int32
        """

    Trial.insert([(1, 1, 5), (1, 2, None), (2, 1, 7)])
    return Trial


class UndoneError(Exception):
    """Ends a transaction so that nothing of it is kept."""


def ids(query):
    """Return the sessions of a query, in order."""
    return [key["session_id"] for key in query.fetch("KEY")]


class TestRestrictByText:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("session_id > 2", [3, 4]),
            ("session_id = 1 OR session_id = 3", [1, 3]),
            ("session_id > 1 AND NOT score < 0", [2]),
            ("(session_id = 1 OR session_id = 2) AND trials < 20", [1]),
            ("session_id != 1", [2, 3, 4]),
            ("session_id <> 1", [2, 3, 4]),
            ("session_id % 2 = 1", [1, 3]),
            ("session_id IN (1, 3, 9)", [1, 3]),
            ("session_id NOT IN (1, 3, 9)", [2, 4]),
            ("trials BETWEEN 0 AND 10", [1, 3]),
            ("trials / 4 = 2.5", [1]),
            ("trials div 3 = 3", [1]),
            ("score IS NULL", [4]),
            ("score is not null", [1, 2, 3]),
            ("score <=> NULL", [4]),
            ("trials", [1, 2]),
            ("good", [1, 3]),
            ("not good", [2]),
            ("good = true", [1, 3]),
            ("good XOR trials", [2, 3]),
            ("score = -1", [3]),
            ("score > 1e-1", [1, 2]),
            ("price > 9.5", [2]),
            ("price = '10'", [2]),
            ("COALESCE(trials, 99) = 99", [4]),
            ("IF(trials > 5, 1, 0) = 1", [1, 2]),
            ("CASE WHEN trials > 10 THEN 'many' ELSE 'few' END = 'many'", [2]),
            ("GREATEST(session_id, 2) = 2", [1, 2]),
            ("TRUE", [1, 2, 3, 4]),
            ("1 = 0", []),
            ("NULL", []),
        ],
    )
    def test_means_what_it_means_in_mysql(self, Session, text, expected):
        """Comparisons, arithmetic, NULL and logic are MySQL's, on every database."""
        assert expected == ids(Session & text)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("name = 'axb'", [3]),
            ('name = "axb"', [3]),
            ("name = 'AXB'", []),
            ("name = 'ann''s 50%'", [1]),
            ('name = "ann\'s 50%"', [1]),
            (r"name = 'ann\'s 50%'", [1]),
            ("name LIKE 'a%'", [1, 2, 3]),
            ("name LIKE 'A%'", []),
            ("name LIKE 'a_b'", [2, 3]),
            (r"name LIKE 'a\_b'", [2]),
            (r"name LIKE '%\%'", [1]),
            ("name LIKE 'a!_b' ESCAPE '!'", [2]),
            ("name NOT LIKE 'a_b'", [1]),
            ("name REGEXP '^a.b$'", [2, 3]),
            ("name RLIKE '[0-9]'", [1]),
            ("name NOT REGEXP '[0-9]'", [2, 3]),
            ("name IN ('axb', \"a_b\")", [2, 3]),
            ("name < 'ax'", [1, 2]),
            ("CONCAT(name, '{}%s') = 'axb{}%s'", [3]),
            ("UPPER(name) = 'AXB'", [3]),
            ("LENGTH(CONCAT(name, 'é')) = 5 AND CHAR_LENGTH(CONCAT(name, 'é')) = 4", [2, 3]),
            ("side = 'left'", [1, 3]),
        ],
    )
    def test_compares_text_with_case(self, Session, text, expected):
        """Text in single or double quotes compares byte by byte; patterns know the backslash."""
        assert expected == ids(Session & text)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("day = '2024-01-05'", [1]),
            ('day > "2024-01-05"', [2, 3]),
            ("day > '2024-1-5'", [2, 3]),
            ("day > '2024-01-05 00:00:00'", [2, 3]),
            ("day BETWEEN '2024-01-01' AND '2024-02-29'", [1, 2]),
            ("YEAR(day) = 2024 AND MONTH(day) = 2", [2]),
            ("DATEDIFF(day, '2024-01-01') = 4", [1]),
            ("start >= '2024-02-05'", [2, 3]),
            ("start = '2024-02-05T09:00:01'", [2]),
            ("start = '2024-02-05 09:00:01.000'", [2]),
            ("start > '2024-02-05 09:00:00.6'", [2, 3]),
            ("start < '2024-02-05 09:00:01.4'", [1, 2]),
            ("start = '2024-02-05 09:00:00.6'", []),
            ("DATE(start) = '2024-02-05'", [2]),
            ("HOUR(start) = 9", [1, 2]),
            ("start < NOW()", [1, 2, 3]),
            (f"token = '{UUIDS[1]}'", [2]),
            (f"token IN ('{UUIDS[1]}', '{UUIDS[0]}')", [1, 2]),
        ],
    )
    def test_compares_times_as_times(self, Session, text, expected):
        """Dates, times and UUIDs are written as text; a finer time than the attribute's is not rounded."""
        assert expected == ids(Session & text)

    def test_attribute_named_like_a_word_of_sql(self, Session):
        """An attribute may be called `order`; it is quoted for the database."""
        assert [1, 2] == ids(Session & "order > 1")
        assert [1, 2] == ids(Session & "`order` > 1")

    def test_may_hold_a_query_of_its_own(self, Session, Trial):
        """A text with a subquery goes to the database with its tables named."""
        text = f"session_id IN (SELECT session_id FROM {Trial.full_table_name} WHERE outcome > 5)"

        assert [2] == ids(Session & text)

    def test_misspelt_attribute_is_refused_with_a_suggestion(self, Session, statements):
        """A misspelt attribute is refused before any SQL is sent, and the message offers the nearest name."""
        with pytest.raises(UnknownAttributeError, match=r"`Session` has no attribute 'scor'.*Did you mean 'score'\?"):
            Session & "scor > 1"

        assert [] == statements

    @pytest.mark.parametrize("text", ["", "  ", "session_id = ?", "session_id = :id", "session_id = 'x"])
    def test_what_is_no_condition_is_refused(self, Session, statements, text):
        """Nothing at all, a place for a value and an open quote are refused before any SQL is sent."""
        with pytest.raises(QuerySyntaxError):
            Session & text

        assert [] == statements

    def test_what_cannot_be_read_is_the_databases_error(self, Session):
        """Text that is no SQL is an error of its own class when the query is answered."""
        with pytest.raises(QuerySyntaxError):
            len(Session & "session_id >> > 3 3")


class TestRestrictByTextMeantToBreakOut:
    @pytest.mark.parametrize(
        "text",
        [
            "1=1) OR (1=1",
            "session_id = 1); DROP TABLE session; --",
            "session_id = 1; DELETE FROM session",
            "1=0) UNION SELECT (1",
            "(1=1",
        ],
    )
    def test_is_refused(self, Session, statements, text):
        """A text cannot close the parentheses that are put around it, nor end the statement."""
        restricted = Session & {"session_id": 99}

        with pytest.raises(QuerySyntaxError):
            restricted & text

        assert [] == statements

    @pytest.mark.parametrize("text", ["session_id = 1 -- x", "session_id = 1 /* x */", "session_id = 1 # x"])
    def test_comment_ends_nothing(self, Session, text):
        """A comment is left out; what follows the condition in the statement still counts."""
        assert [] == ids(Session & text & "score > 1")

    @pytest.mark.parametrize(
        "value", ["' OR '1'='1", '" OR "1"="1', "'; DROP TABLE x; --", "\\' OR 1=1 -- ", "%s", "{0}"]
    )
    def test_value_is_only_a_value(self, connection, Session, value):
        """Whatever a value holds, it is compared, never read."""
        with pytest.raises(UndoneError), connection.transaction():  # noqa: PT012
            Session.insert1({"session_id": 7, "name": value})
            assert [7] == ids(Session & {"name": value})
            assert [7] == ids(Session & [{"name": value}, {"name": value + "!"}])
            assert [1, 2, 3, 4] == ids(Session - {"name": value})
            raise UndoneError

    @pytest.mark.parametrize("name", ["session_id = 1 OR 1", "a`b", 'a"b', "x); DROP TABLE session; --"])
    def test_name_in_a_dict_is_only_a_name(self, Session, name):
        """A name that the heading does not have is passed over, whatever it holds."""
        assert [2] == ids(Session & {"session_id": 2, name: 1})

    @pytest.mark.parametrize("name", ["a`b", 'a"b', "a%sb", "a{}b", "a?b", "a'b; --"])
    def test_name_of_a_computed_attribute_is_only_a_name(self, Session, name):
        """A new attribute may be called anything."""
        query = Session.proj(**{name: "session_id + 1"}) & {name: 3}

        assert [{"session_id": 2, name: 3}] == query.to_dicts()


class TestRestrictByDict:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"session_id": 2}, [2]),
            ({"session_id": np.int64(2)}, [2]),
            ({"session_id": "2"}, [2]),
            ({"name": "axb", "trials": 0}, [3]),
            ({"score": None}, [4]),
            ({"score": float("nan")}, [4]),
            ({"score": pd.NA, "session_id": 4}, [4]),
            ({"start": pd.NaT}, [4]),
            ({"day": date(2024, 2, 5)}, [2]),
            ({"day": "2024-02-05"}, [2]),
            ({"day": np.datetime64("2024-02-05")}, [2]),
            ({"start": datetime(2024, 2, 5, 9, 0, 1)}, [2]),
            ({"start": pd.Timestamp("2024-02-05 09:00:01")}, [2]),
            ({"token": UUIDS[1]}, [2]),
            ({"token": str(UUIDS[1])}, [2]),
            ({"price": Decimal("9.5")}, [1]),
            ({"price": 9.5}, [1]),
            ({"good": True}, [1, 3]),
            ({"good": 0}, [2]),
            ({"side": "right"}, [2]),
            ({}, [1, 2, 3, 4]),
            ({"session_id": 2, "unknown": 5}, [2]),
            ({"unknown": 5}, [1, 2, 3, 4]),
        ],
    )
    def test_keeps_rows_that_are_equal_in_all(self, Session, given, expected):
        """Values of any fitting type; None, NaN and NaT are NULL; names that are not in the heading are passed over."""
        assert expected == ids(Session & given)

    def test_value_of_another_type_is_refused(self, Session, statements):
        """A value that the attribute cannot have is refused before the rows are asked for."""
        with pytest.raises(InvalidValueError, match=r"'trials' .* is compared with 'many'") as caught:
            ids(Session & {"trials": "many"})

        assert ("trials", "many", []) == (caught.value.attribute, caught.value.value, statements)

    def test_blob_is_refused(self, Session):
        """Blobs cannot be compared."""
        with pytest.raises(OperandError, match="'traces' holds values of type `<blob>`, which cannot be compared"):
            Session & {"traces": [1]}


class TestRestrictByRowOfAFrame:
    def test_is_like_a_dict(self, Session):
        """A row of a DataFrame restricts by its values, never by the texts among them."""
        frame = Session.to_pandas("name").reset_index()

        assert [[1], [2], [3], [4]] == [
            [found["session_id"] for found in (Session & row).to_dicts("session_id")] for _, row in frame.iterrows()
        ]


class TestRestrictByMask:
    @pytest.mark.parametrize(
        "mask", [[True, False], np.array([True, False]), pd.Series([True, False]), (np.bool_(True),)]
    )
    def test_is_refused(self, Session, mask):
        """A mask keeps rows by their place, which a query does not know."""
        with pytest.raises(OperandError, match=r"truth values|has no rows|mask"):
            Session & mask


class TestRestrictByValue:
    @pytest.mark.parametrize("value", ["1", "'ann'", ["1", "2"], np.array(["1", "2"])])
    def test_is_refused(self, Session, value):
        """A value alone would be true or false for all rows."""
        with pytest.raises(OperandError, match="is a value, not a condition"):
            Session & value


class TestRestrictByMisspeltDict:
    def test_is_refused_where_nothing_else_is_known(self, Session, statements):
        """A dict whose only name is misspelt would keep all rows, and a delete would take them."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'session_id'"):
            Session & {"sesion_id": 1}

        assert [] == statements

    def test_names_of_other_tables_are_passed_over(self, Session):
        """A key of another table may have more attributes, or others altogether."""
        assert [1] == [row["session_id"] for row in (Session & {"session_id": 1, "electrode": 3}).to_dicts()]
        assert 4 == len(Session & {"electrode": 3})


class TestRestrictByList:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ([{"session_id": 1}, {"session_id": 3}], [1, 3]),
            ([{"session_id": 1}, {"session_id": 1}], [1]),
            ([{"session_id": 1, "trials": 10}, {"session_id": 2, "trials": 10}], [1]),
            ([{"session_id": 1}, {"name": "axb"}], [1, 3]),
            ([{"session_id": 1}, {"score": None}], [1, 4]),
            ([{"session_id": 1, "score": 0.5}, {"session_id": 4, "score": None}], [1, 4]),
            ([{"session_id": 1}, "trials = 0"], [1, 3]),
            (("session_id = 1", "session_id = 2"), [1, 2]),
            ({"session_id = 1"}, [1]),
            ([["session_id = 1"], [{"session_id": 4}]], [1, 4]),
            ([dj.AndList(["session_id > 1", "trials > 0"]), {"session_id": 4}], [2, 4]),
            ([dj.Not("session_id = 1")], [2, 3, 4]),
            ([{"session_id": 1}, {}], [1, 2, 3, 4]),
            ([], []),
            ([[]], []),
        ],
    )
    def test_keeps_rows_that_meet_any(self, Session, given, expected):
        """A list asks for any of its items; an empty one keeps nothing."""
        assert expected == ids(Session & given)

    def test_may_be_a_generator(self, Session):
        """Anything that can be iterated over is a list."""
        assert [1, 3] == ids(Session & ({"session_id": number} for number in (1, 3)))

    def test_may_be_the_keys_of_another_query(self, Session, Trial):
        """Keys that were fetched restrict as the query would; names that are not shared are passed over."""
        assert [1, 2] == ids(Session & Trial.keys())

    @pytest.mark.parametrize("item", ["session_id = {}", {"session_id": "{}"}, {"session_id": "{}", "score": None}])
    def test_may_be_long(self, Session, item):
        """A thousand conditions and more are not nested deeper than a database takes."""

        def numbered(number):
            if isinstance(item, str):
                return item.format(number)
            return {name: number if value else value for name, value in item.items()}

        assert [4] == ids(Session & [numbered(number) for number in range(4, 1200)])
        assert [1, 2, 3] == ids(Session & dj.AndList(dj.Not(numbered(number)) for number in range(4, 1200)))


class TestRestrictByAndList:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (dj.AndList(["session_id > 1", {"good": True}]), [3]),
            (dj.AndList([["session_id = 1", "session_id = 3"], "trials > 0"]), [1]),
            (dj.AndList([]), [1, 2, 3, 4]),
            (dj.AndList([True, False]), []),
        ],
    )
    def test_keeps_rows_that_meet_all(self, Session, given, expected):
        """All items must hold; an empty one keeps everything."""
        assert expected == ids(Session & given)


class TestRestrictByArraysAndFrames:
    def test_numpy_record(self, Session):
        """A record restricts like a dict of its fields."""
        record = np.array([(2, 5)], dtype=[("session_id", "i4"), ("unknown", "i4")])[0]

        assert [2] == ids(Session & record)

    def test_structured_array(self, Session):
        """A structured array is a list of records."""
        keys = (Session & "session_id > 2").fetch("session_id", "name")

        array = np.array(list(zip(keys[0], keys[1], strict=True)), dtype=[("session_id", "i8"), ("name", "O")])
        assert [3, 4] == ids(Session & array)
        assert [3, 4] == ids(Session & (Session & "session_id > 2").proj().fetch())
        assert [] == ids(Session & array[:0])

    def test_frame_with_its_index(self, Session):
        """A frame's named index counts as columns, so that what was fetched restricts to itself."""
        frame = (Session & "session_id > 2").to_pandas("name", "trials", "day", "score")

        assert [3, 4] == ids(Session & frame)

    def test_frame_with_missing_values(self, Session):
        """Missing values of pandas are NULL."""
        frame = pd.DataFrame(
            {"session_id": [3, 4], "score": [-1, np.nan], "trials": pd.array([0, None], dtype="Int16")}
        )

        assert [3, 4] == ids(Session & frame)

    def test_empty_frame_keeps_nothing(self, Session):
        """No row of the frame, no row of the query."""
        assert [] == ids(Session & pd.DataFrame({"session_id": []}))


class TestRestrictByQuery:
    def test_keeps_rows_with_a_match(self, Session, Trial):
        """Rows that agree with some row of the other query in the attributes of the same name."""
        assert [1, 2] == ids(Session & Trial)
        assert [2] == ids(Session & (Trial & "outcome > 5"))
        assert [(1, 1), (1, 2)] == [
            tuple(key.values()) for key in (Trial & (Session & "trials = 10").proj()).fetch("KEY")
        ]

    def test_table_classes_and_instances_are_queries(self, Session, Trial):
        """A class stands for all rows of its table, on both sides."""
        assert [1, 2] == ids(Session & Trial()) == ids(Session() & Trial) == ids(Session() & Trial())

    def test_without_shared_attributes_any_row_will_do(self, Session, Trial):
        """A query that shares no attribute keeps everything if it has a row, else nothing."""
        elsewhere = Trial.proj(other_session="session_id", other_trial="trial")

        assert [1, 2, 3, 4] == ids(Session & elsewhere)
        assert [] == ids(Session & (elsewhere & "other_session = 9"))
        assert [1, 2, 3, 4] == ids(Session - (elsewhere & "other_session = 9"))

    def test_by_an_aggregate_and_a_join(self, Session, Trial):
        """Queries of any kind restrict."""
        counted = Session.proj().aggr(Trial, n="count(*)")

        assert [1] == ids(Session & (counted & "n = 2"))
        assert [3, 4] == ids(Session & (counted & {"n": 0}))
        assert [1, 2] == ids(Session & (Session.proj() * Trial))

    def test_by_itself(self, Session):
        """A table restricted by a part of itself, on its key."""
        assert [1, 3] == ids(Session & (Session & "good").proj())
        assert [2, 4] == ids(Session - (Session & "good").proj())

    def test_within_a_list(self, Session, Trial):
        """Queries are items of lists like all else."""
        assert [1, 2, 4] == ids(Session & [Trial, {"session_id": 4}])
        assert [1] == ids(Session & dj.AndList([Trial, "session_id < 2"]))
        assert [3] == ids(Session & dj.AndList([dj.Not(Trial), "score < 0"]))

    def test_namesakes_of_different_origin_match_with_a_warning(self, Session, schema):
        """Rows with equal values are matched, and the warning tells that the names may mean different things."""

        @schema
        class Other(dj.Manual):
            definition = """
            session_id : int32
            """

        Other.insert1([2])

        with pytest.warns(SemanticWarning, match="'session_id' has different origins"):
            restricted = Session & Other
        assert [2] == ids(restricted)

        with dj.config.override(semantic_check="error"), pytest.raises(OperandError, match="different origins"):
            Session & Other


class TestRestrictByOthers:
    def test_truth_values(self, Session):
        """True keeps everything, False nothing."""
        assert [1, 2, 3, 4] == ids(Session & True) == ids(Session & np.True_) == ids(Session - False)
        assert [] == ids(Session & False) == ids(Session & np.False_) == ids(Session - True)

    @pytest.mark.parametrize("operand", [None, 5, 1.5, b"session_id = 1", object(), int, [5], {"a": 1}.keys])
    def test_what_is_no_condition_is_refused(self, Session, operand):
        """What cannot restrict is refused, and the message says what can."""
        with pytest.raises(OperandError, match="Give a text, a dict, a list of them, a query or a table"):
            Session & operand


class TestRestrictAgain:
    def test_all_conditions_hold(self, Session):
        """Restrictions upon restrictions hold together, in any order."""
        assert [3] == ids(Session & "session_id > 1" & {"good": True} & ["trials = 0", "trials = 20"])
        assert [2] == ids((Session & "session_id < 4") - {"good": True} - "score < 0")

    def test_leaves_the_first_query_as_it_was(self, Session):
        """A query is a value: restricting makes another one."""
        first = Session & "session_id > 1"
        first & "session_id > 2"

        assert [2, 3, 4] == ids(first)

    def test_computed_and_renamed_attributes(self, Session):
        """A restriction after a projection is about the new attributes."""
        query = Session.proj(number="session_id", double="trials * 2")

        assert [1] == [key["number"] for key in (query & "double = 20").fetch("KEY")]
        assert [2] == [key["number"] for key in (query & {"number": 2, "session_id": 1}).fetch("KEY")]
        with pytest.raises(UnknownAttributeError, match="no attribute 'session_id'"):
            query & "session_id = 1"

    def test_values_go_to_their_own_conditions(self, Session, Trial):
        """However a statement is nested, every value stays with its condition."""
        computed = (Session & "trials BETWEEN 5 AND 25").proj(late="IF(session_id > 1, 'late', 'early')")
        joined = computed * (Trial & {"trial": 1} & "outcome IN (5, 7)")
        counted = computed.aggr(Trial & "trial < 2", ..., n="sum(outcome * 2)") & "n > 9" & {"late": "late"}

        assert [2] == ids((joined & {"late": "late"}) & "session_id < 100")
        assert [{"session_id": 2, "late": "late", "n": 14}] == counted.to_dicts()


class TestExclude:
    @pytest.mark.parametrize(
        "condition",
        [
            "score > 0",
            "NOT score > 0",
            "score > 0 OR trials = 0",
            "score > 0 AND trials > 0",
            "score IN (0.5, 1.5)",
            "score NOT IN (0.5)",
            "name LIKE 'a%'",
            "good",
            {"score": 0.5},
            {"score": None},
            {"score": 0.5, "trials": 10},
            [{"score": 0.5}, {"score": 1.5}],
            [{"score": 0.5, "trials": 10}, {"score": 1.5, "trials": 20}],
            ["score > 1", "trials > 1"],
            dj.AndList(["score > 0", "trials > 10"]),
            dj.Not("score > 0"),
            dj.Not(dj.Not("score > 0")),
            dj.Not(["score > 1", dj.Not({"trials": 0})]),
            [],
            dj.AndList([]),
            True,
            {},
        ],
    )
    def test_has_exactly_the_rows_that_restricting_has_not(self, Session, condition):
        """A row for which a condition is neither true nor false, because of a NULL, does not meet it: it stays."""
        met, left = ids(Session & condition), ids(Session - condition)

        assert [1, 2, 3, 4] == sorted(met + left)
        assert left == ids(Session & dj.Not(condition))

    def test_query_leaves_rows_without_a_match(self, Session, Trial):
        """What has no row in the other query stays."""
        assert [3, 4] == ids(Session - Trial)
        assert [1, 3, 4] == ids(Session - (Trial & "outcome > 5"))
        assert [(1, 2)] == [tuple(key.values()) for key in (Trial - "outcome > 1").fetch("KEY")]

    def test_null_matches_nothing(self, Session, Trial):
        """A row whose shared attribute is NULL has no match, so it stays."""
        other = (Trial & "outcome = 5").proj(trials="outcome * 2")

        with dj.config.override(semantic_check="off"):
            matched = Session.proj("trials").proj(number="session_id", trials="trials")
            assert [1] == [
                key["number"] for key in (matched & other.proj("trials", s="session_id", t="trial")).fetch("KEY")
            ]
            left = matched - other.proj("trials", s="session_id", t="trial")
        assert [2, 3, 4] == [key["number"] for key in left.fetch("KEY")]


class TestAsACollection:
    def test_length_and_truth(self, Session):
        """A query has as many rows as it has, and is true if it has any."""
        assert (4, 1, 0) == (len(Session), len(Session & "score > 1"), len(Session & False))
        assert (True, False) == (bool(Session & "score > 1"), bool(Session() & "score > 9"))

    def test_class_has_length_members_and_rows(self, Session):
        """A class alone is asked like an instance of it; as a truth value, a class is true."""
        assert 4 == len(Session) == len(Session())
        assert {"session_id": 1} in Session
        assert {"session_id": 9} not in Session
        assert [1, 2, 3, 4] == [row["session_id"] for row in Session]
        assert bool(Session)

    def test_membership_is_a_restriction(self, Session, Trial):
        """`in` tells whether any row meets the condition, in one statement."""
        assert {"session_id": 1, "trials": 10} in Session()
        assert {"session_id": 1, "trials": 11} not in Session()
        assert "score > 1" in Session()
        assert Trial in Session()
        assert [] not in Session()

    def test_answers_in_one_statement(self, Session, statements):
        """Counting, truth and membership cost one statement each."""
        query = Session & "score > 0"

        len(query)
        bool(query)
        {"session_id": 1} in query  # noqa: B015

        assert 3 == len(statements)

    def test_nothing_is_asked_before_rows_are_wanted(self, Session, Trial, statements):
        """Composing a query sends no statement."""
        Session & "score > 0" & Trial & {"session_id": 1}

        assert [] == statements
