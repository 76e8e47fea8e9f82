"""Conditions in text mean what they mean in MySQL, on every database, and cannot break out of their place."""

from __future__ import annotations

import pytest

from djnb.errors import QuerySyntaxError, UnknownAttributeError
from tests.conformance.restrict.rows import UUIDS, ids


class UndoneError(Exception):
    """Ends a transaction so that nothing of it is kept."""


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
        with pytest.raises(UndoneError), connection.transaction():
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
