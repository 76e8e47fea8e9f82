"""What users write is read, or refused by an error of the package's own; nothing hangs or crashes."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from djnb.backends.sqlite.dialect import SQLiteDialect
from djnb.errors import DataJointError, OperandError, QuerySyntaxError, UnknownFunctionError
from djnb.model.attribute import Attribute
from djnb.model.core_types import parse_type
from djnb.model.heading import Heading
from djnb.sql.expressions import say_expression
from djnb.sql.functions import ALIASES, FUNCTIONS, UNITS
from djnb.sql.statement import Statement
from djnb.sql.text import read

TYPES = {"i": "int32", "t": "varchar(20)", "f": "float64", "d": "decimal(8,2)", "day": "date", "meta": "json"}
HEADING = Heading(tuple(Attribute(name, parse_type(kind), in_key=name == "i") for name, kind in TYPES.items()))
DIALECT = SQLiteDialect()
COLUMNS = {name: Statement(DIALECT.quote(name)) for name in TYPES}

WORDS = st.sampled_from(
    [
        *TYPES, *("x", "1", "0", "-1", "1.5", "1e400", "0x1F", "'a'", "''", "'%'", '"b"', "`i`", "NULL", "TRUE", "*"),
        *("(", ")", "(", ")", ",", ".", ";", "?", ":", "%s", "{}", "{0}", "@", "#", "--", "/*", "*/", "'", '"', "`"),
        *("+", "-", "*", "/", "%", "DIV", "&", "|", "^", "~", "<<", ">>", "=", "<=>", "<>", "!=", "<", "!", "->>"),
        *("AND", "OR", "NOT", "XOR", "IN", "IS", "LIKE", "RLIKE", "BETWEEN", "ESCAPE", "INTERVAL", "DAY", "CASE"),
        *("WHEN", "THEN", "ELSE", "END", "SELECT", "FROM", "WHERE", "UNION", "EXISTS", "OVER", "DISTINCT", "CAST"),
        *("AS", "SIGNED", "CONVERT", "USING", "BINARY", "COLLATE", "TRIM", "LEADING", "EXTRACT", "SEPARATOR", "meta.n"),
        *("DROP TABLE t", "DELETE FROM t", "PRAGMA x", "INTO OUTFILE 'x'", "\x00", "\\", "é", "😀", "\ue0000\ue001"),
    ]
)  # fmt: skip
VALUES = st.sampled_from([*TYPES, "1", "-2.5", "'a'", "NULL", "'2024-02-29'", "'{\"a\": 1}'", "INTERVAL 1 DAY", "2e3"])


def _deeper(inner):
    pair = st.sampled_from(
        ["+", "-", "*", "/", "DIV", "%", "&", "|", "<<", "=", "<", "<=>", "AND", "OR", "LIKE", "RLIKE"]
    )
    return st.one_of(
        st.tuples(inner, pair, inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"NOT {text}"),
        st.tuples(st.sampled_from([*FUNCTIONS, *ALIASES]), st.lists(inner, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        ),
        st.tuples(inner, st.lists(inner, max_size=3)).map(lambda both: f"{both[0]} IN ({', '.join(both[1])})"),
        st.tuples(inner, inner, inner).map(lambda three: "CASE WHEN {} THEN {} ELSE {} END".format(*three)),
        st.tuples(inner, st.sampled_from(["SIGNED", "CHAR(3)", "DATE", "DECIMAL(5,2)", "BLOB", "ENUM('a')"])).map(
            lambda both: "CAST({} AS {})".format(*both)
        ),
        st.tuples(inner, st.sampled_from(UNITS)).map(lambda both: "day + INTERVAL {} {}".format(*both)),
    )


GRAMMAR = st.recursive(VALUES, _deeper, max_leaves=8)
BOUNDED = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def said(text):
    """Return a text as a SELECT's condition; errors of the package pass for an answer."""
    try:
        return say_expression(read(text, HEADING), COLUMNS, HEADING, DIALECT)
    except DataJointError:
        return None


def is_harmless(text):
    """Tell whether what is said of a text is one expression that changes nothing."""
    statement = said(text)
    if statement is None:
        return True
    connection = sqlite3.connect(":memory:")
    changed = []
    actions = (sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    connection.execute("CREATE TABLE r (" + ", ".join(TYPES) + ")")
    connection.set_authorizer(lambda action, *_: changed.append(action) if action not in actions else sqlite3.SQLITE_OK)
    try:
        # The row that is asked for is not there: who closes the parentheses, or comments out the rest, finds it.
        connection.execute(f"SELECT 1 FROM (SELECT * FROM r) AS t1 WHERE ({statement.sql}) AND 1=0", statement.params)
    except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError):
        pass
    finally:
        connection.close()
    return not [action for action in changed if action is not None]


class TestFuzzed:
    @BOUNDED
    @given(st.text(max_size=60))
    def test_any_text(self, text):
        """Whatever the characters, a text is read or refused."""
        assert is_harmless(text)

    @BOUNDED
    @given(st.lists(WORDS, max_size=12).map(" ".join))
    def test_words_of_sql_in_any_order(self, text):
        """Words of SQL and marks in any order are read or refused, and change nothing."""
        assert is_harmless(text)

    @BOUNDED
    @given(GRAMMAR)
    def test_expressions_of_the_grammar(self, text):
        """Operators, functions and types of any arguments are said, or refused."""
        assert is_harmless(text)

    @BOUNDED
    @given(st.lists(st.sampled_from(["meta", "i", "x", ".", ".n", "[0]", "[", "]", ":", "int", '"', "(", "5,2)", " "])))
    def test_paths(self, parts):
        """What begins like a path is one, or refused."""
        assert is_harmless("".join(parts))


class TestAtLength:
    @pytest.mark.parametrize(
        "text",
        [
            "(" * 10_000 + "i" + ")" * 10_000,
            "(" * 10_000,
            "NOT " * 10_000 + "i",
            "-" * 9_999 + "i",
            "- " * 9_999 + "i",
            "~" * 10_000 + "i",
            "ABS(" * 10_000 + "i" + ")" * 10_000,
            "CASE WHEN i THEN " * 5_000 + "1" + " END" * 5_000,
            "i IN " + "(" * 5_000 + "1" + ")" * 5_000,
            "(SELECT " * 3_000 + "1" + ")" * 3_000,
            "i = " * 5_000 + "1",
            "i + " * 20_000 + "1",
            "meta" + ".a" * 20_000,
            "[" * 10_000,
            "'" + "a" * 1_000_000,
        ],
        ids=lambda text: f"{text[:8]}{len(text)}",
    )
    def test_deep_nesting_is_read_or_refused(self, text):
        """Thousands of parentheses, signs and calls end in an answer or an error that says so."""
        statement = said(text)

        assert statement is None or statement.sql

    def test_long_list(self):
        """Ten thousand values after IN are ten thousand bound values."""
        statement = said(f"i IN ({', '.join(map(str, range(10_000)))})")

        assert statement is not None
        assert len(statement.params) == 10_000

    def test_thousands_of_conditions(self):
        """Five thousand conditions joined by OR stay within what databases take."""
        statement = said(" OR ".join(f"i = {number}" for number in range(5_000)))

        assert statement is not None
        assert len(statement.params) == 5_000


class TestRefused:
    @pytest.mark.parametrize(
        "text",
        [
            *("i = 1; DROP TABLE r", ";", "1); DELETE FROM r; --", "i = 1) OR (1 = 1", "(i = 1", "i = 1)"),
            *("t = 'a", 't = "a', "`i = 1", "t = 'a\\'", "i = 1 /*", "/* i */", "-- i", "# i"),
        ],
    )
    def test_what_would_end_the_statement(self, text):
        """Semicolons, open quotes, unequal parentheses and texts of nothing but comments are refused."""
        with pytest.raises(QuerySyntaxError):
            read(text, HEADING)

    def test_semicolon_at_the_end_ends_nothing(self):
        """One semicolon behind all is left out."""
        statement = said("i = 1;")

        assert statement is not None
        assert ";" not in statement.sql

    @pytest.mark.parametrize("text", ["i = 1 -- AND t = 'a'", "i = 1 # x", "i = 1 /* x */", "/*! i */ = 1 AND i"])
    def test_comment_is_left_out(self, text):
        """No comment reaches the database, not even one that servers execute."""
        statement = said(text)

        assert statement is None or not any(mark in statement.sql for mark in ("--", "/*", "#"))

    @pytest.mark.parametrize(
        ("text", "nearest"),
        [("CONCATT(t)", "CONCAT"), ("dayofmoth(day)", "DAYOFMONTH"), ("SUBSTRNG(t, 1)", "SUBSTRING")],
    )
    def test_misspelt_function(self, text, nearest):
        """A function that there is not is refused, with the nearest name."""
        with pytest.raises(UnknownFunctionError, match=nearest):
            read(text, HEADING)

    @pytest.mark.parametrize("text", ["ABS()", "ABS(i, i)", "CONCAT()", "IF(i, 1)", "JSON_EXTRACT(meta)", "PI(1)"])
    def test_wrong_number_of_arguments(self, text):
        """A function with too few or too many arguments is refused, and shown as it is written."""
        with pytest.raises(QuerySyntaxError, match=f"Write `{text[:2]}"):
            read(text, HEADING)

    @pytest.mark.parametrize(
        "text", ["day + INTERVAL 1 DAYS", "EXTRACT(DECADE FROM day)", "TIMESTAMPDIFF(EON, day, day)"]
    )
    def test_unit_that_is_none(self, text):
        """Units of time are known by name."""
        with pytest.raises(QuerySyntaxError, match="no unit of time"):
            read(text, HEADING)

    def test_value_alone_is_no_path(self):
        """Only attributes of type JSON have paths."""
        with pytest.raises(OperandError):
            read("t.first", HEADING)
