"""Attributes with their defaults and comments, and indexes over them, as a definition says them."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import DefinitionError, DuplicateError, UnknownTypeError
from djnb.model.attribute import NULL, Default
from djnb.model.spec import Index


class TestAttributes:
    @pytest.mark.parametrize(
        ("line", "default", "value"),
        [
            ("x = 5 : int32", Default("5"), 5),
            ("x = 5 : varchar(8)", Default("5"), "5"),
            ("x = 'm' : varchar(8)", Default("m"), "m"),
            ('x = "" : varchar(8)', Default(""), ""),
            ("x = 'it''s' : varchar(8)", Default("it's"), "it's"),
            ('x = "it\'s" : varchar(8)', Default("it's"), "it's"),
            (r"x = 'a\b' : varchar(8)", Default(r"a\b"), r"a\b"),
            ("x = '%s:#{}' : varchar(8)", Default("%s:#{}"), "%s:#{}"),
            ("x = '日本' : varchar(8)", Default("日本"), "日本"),
            ("x = 'NULL' : varchar(8)", Default("NULL"), "NULL"),
            ("x = 'b' : enum('a', 'b')", Default("b"), "b"),
            ("x = true : bool", Default("1"), True),
            ("x = 1.5 : float64", Default("1.5"), 1.5),
            ("x = null : float32", NULL, None),
            ("x = NULL : <blob>", NULL, None),
            ("x = null : uuid", NULL, None),
        ],
    )
    def test_default_is_what_a_row_has_that_does_not_say(self, declare, stored, line, default, value):
        """Quoted or bare, of whatever type, a default is kept as it is and comes back as the type's value."""
        A = declare("A", f"k : int32\n---\n{line}\nlast : int32")
        A.insert1({"k": 1, "last": 2})

        assert (default, value) == (stored("a").heading["x"].default, A.fetch1("x"))

    @pytest.mark.parametrize("kind", ["datetime", "datetime(2)", "datetime(3)", "datetime(6)", "timestamp"])
    def test_present_time_is_a_default(self, declare, stored, kind):
        """`CURRENT_TIMESTAMP` is the time of the insert, in UTC, with the digits of the type."""
        A = declare("A", f"k : int32\n---\nt = CURRENT_TIMESTAMP : {kind}")
        A.insert1({"k": 1})

        now = A.fetch1("t")
        assert Default("CURRENT_TIMESTAMP", is_keyword=True) == stored("a").heading["t"].default
        assert 2026 <= now.year

    @pytest.mark.parametrize(
        "comment",
        [
            "100 % sure, %s %(x)s %%",
            '"quoted", it\'s',
            "at 12:30: so",
            "{x} {} {{y}}",
            "体重、ß, ﷺ, 한",
            r"back\slash \n \\",
            "a -- b /* c */ ; DROP",
            "`tick` ? # twice",
        ],
    )
    def test_comments_are_kept_as_they_are_written(self, declare, stored, comment):
        """Of the table and of an attribute, with or without a recorded type."""
        declare("A", f"# {comment}\nk : int32  # {comment}\n---\nx : int unsigned  # {comment}")

        found = stored("a")
        assert [comment] * 3 == [found.comment, found.heading["k"].comment, found.heading["x"].comment]

    @pytest.mark.parametrize(
        "value", ["a:b", "a,b", "it's", 'say "x"', "50 %", "(a)", "#1", r"a\b", "日本", "a  b", ""]
    )
    def test_enum_values_may_hold_any_character(self, declare, value):
        """Colons, commas, quotes and the rest are values like others, also for whoever opens the table later."""
        quoted = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        A = declare("A", f"k : int32\n---\nx = 'other' : enum({quoted}, 'other')  # a: choice")
        A.insert([{"k": 1, "x": value}, {"k": 2}])

        assert ((value, "other"), "a: choice") == (A.heading["x"].type.values, A.heading["x"].comment)
        assert [value, "other"] == list(A.fetch("x", order_by="k"))

    @pytest.mark.parametrize("line", ["x : int32  # 🐭", "x = '🐭' : varchar(8)", "x : enum('🐭')"])
    def test_character_that_a_server_cannot_keep_in_a_definition_is_refused(self, declare, tables, line):
        """Four-byte characters would become question marks; the caret stands under the first."""
        with pytest.raises(DefinitionError, match="cannot hold '🐭'") as caught:
            declare("A", f"k : int32\n---\n{line}")

        assert (3, line.index("🐭")) == (caught.value.line, caught.value.column)
        assert set() == tables()

    @pytest.mark.parametrize("kind", ["int8", "bool"])
    def test_default_of_the_only_key_is_used(self, declare, kind):
        """A key of one integer is not numbered where it has a default."""
        A = declare("A", f"k = 1 : {kind}\n---\nx : int32")
        A.insert1({"x": 5})

        assert {"k": 1, "x": 5} == A.fetch1()
        with pytest.raises(DuplicateError):
            A.insert1({"x": 6})

    def test_attribute_may_be_named_like_a_word_of_sql(self, declare):
        """Names are always quoted."""
        A = declare("A", "select : int32\n---\nfrom : int32\norder = 3 : int32\nindex (`from`, order)")
        A.insert1({"select": 1, "from": 2})

        assert {"select": 1, "from": 2, "order": 3} == A.fetch1()

    @pytest.mark.parametrize(
        ("line", "place", "problem"),
        [
            ("x = 300 : int8", "300", "outside the range of `int8`"),
            ("x = 1.5 : int32", "1.5", "not a whole number"),
            ("x = 'c' : enum('a:b')", "'c'", "not among the values"),
            ("x = 'toolong' : varchar(3)", "'toolong'", "has 7 characters"),
            ("x = now : datetime", "now", "not a time"),
            ("x = : int32", ": int32", "not a whole number"),
        ],
    )
    def test_default_that_does_not_fit_is_refused(self, declare, tables, line, place, problem):
        """A default is checked like a value of a row, before any SQL is sent."""
        with pytest.raises(DefinitionError, match=problem) as caught:
            declare("A", f"k : int32\n---\n{line}")

        assert (3, line.index(place)) == (caught.value.line, caught.value.column)
        assert set() == tables()

    def test_attribute_declared_twice_is_refused(self, declare, Subject):
        """One of the lines would mean nothing."""
        with pytest.raises(DefinitionError, match="'a' is declared already") as first:
            declare("A", "a : int32\n---\na : int16")
        with pytest.raises(DefinitionError, match="'subject_id' is declared already") as second:
            declare("A", "-> Subject\n---\nb : int8\nsubject_id : int16", Subject=Subject)

        assert (3, 4) == (first.value.line, second.value.line)

    def test_unknown_codec_is_refused_in_its_line(self, declare):
        """The codecs that there are get listed."""
        with pytest.raises(UnknownTypeError, match="no codec 'blub'") as caught:
            declare("A", "k : int32\n---\nx = null : <blub>")

        assert (3, 11) == (caught.value.line, caught.value.column)
        assert "blob" in caught.value.remedy

    def test_definition_without_attributes_is_refused(self, declare):
        """An empty table is no table."""
        with pytest.raises(DefinitionError, match="declares no attribute"):
            declare("A", "# nothing\n---\n")

    def test_class_without_a_definition_is_refused(self, schema):
        """The remedy names what is missing."""
        with pytest.raises(DefinitionError, match="has no definition"):
            schema(type("A", (dj.Manual,), {}))


class TestIndexes:
    def test_indexes_are_in_the_database(self, declare, stored):
        """Plain and unique, over one attribute or several, in their order."""
        A = declare("A", "a : int32\n---\nb : int16\nc : varchar(8)\nindex(c, b)\nunique index (b)")
        A.insert1((1, 1, "x"))

        assert {Index(("c", "b")), Index(("b",), is_unique=True)} == set(stored("a").indexes)
        with pytest.raises(DuplicateError):
            A.insert1((2, 1, "y"))

    def test_index_over_an_inherited_attribute_may_stand_before_it(self, declare, stored, Subject):
        """Indexes are read when all attributes are known."""
        declare("A", "a : int32\n---\nunique index (subject_id, x)\nx : int16\n-> Subject", Subject=Subject)

        assert (Index(("subject_id", "x"), is_unique=True),) == tuple(i for i in stored("a").indexes if i.is_unique)

    def test_index_over_an_unknown_attribute_is_refused(self, declare, tables):
        """The caret stands under it, and the attributes are listed."""
        with pytest.raises(DefinitionError, match="no attribute 'bb'") as caught:
            declare("A", "a : int32\n---\nb : int32\nindex(a, bb)")

        assert (4, 9, "The attributes are: a, b.") == (
            caught.value.line,
            caught.value.column,
            caught.value.remedy,
        )
        assert set() == tables()

    @pytest.mark.parametrize("indexed", ["(upper(b))", "doc.name:varchar(8)", "b, doc.x", "b(4)"])
    def test_index_over_an_expression_is_refused(self, declare, tables, indexed):
        """MariaDB has none, so a pipeline that had one could not move there; the message says what to do instead."""
        with pytest.raises(DefinitionError, match="not every database can index expressions") as caught:
            declare("A", f"a : int32\n---\nb : varchar(8)\ndoc : json\nunique index({indexed})")

        assert "Declare an attribute that holds the value" in caught.value.remedy
        assert set() == tables()
