"""Types: how each is written, what it means and what is recorded of it."""

from __future__ import annotations

import pytest

from djnb.errors import UnknownTypeError
from djnb.model.attribute import join_marker, split_marker
from djnb.model.core_types import AttributeType, Family, enum_text, parse_type, parse_values, read_type


def facts(kind):
    """Return what is said of a type besides what every type has."""
    common = AttributeType("", Family.INTEGER)
    return {
        name: getattr(kind, name)
        for name in kind.__slots__
        if name not in ("text", "family") and getattr(kind, name) != getattr(common, name)
    }


def native(**facts):
    return {"is_core": False, **facts}


CORE = {
    "int8": (Family.INTEGER, {"bits": 8}),
    "int16": (Family.INTEGER, {"bits": 16}),
    "int32": (Family.INTEGER, {"bits": 32}),
    "int64": (Family.INTEGER, {"bits": 64}),
    "float32": (Family.FLOAT, {"bits": 32}),
    "float64": (Family.FLOAT, {"bits": 64}),
    "bool": (Family.BOOL, {}),
    "uuid": (Family.UUID, {}),
    "json": (Family.JSON, {}),
    "bytes": (Family.BYTES, {}),
    "date": (Family.DATE, {}),
    "datetime": (Family.DATETIME, {}),
    "datetime(0)": (Family.DATETIME, {}),
    "datetime(3)": (Family.DATETIME, {"scale": 3}),
    "datetime(6)": (Family.DATETIME, {"scale": 6}),
    "char(8)": (Family.STRING, {"length": 8, "fixed": True}),
    "varchar(255)": (Family.STRING, {"length": 255}),
    "decimal(8,2)": (Family.DECIMAL, {"digits": 8, "scale": 2}),
    "decimal(65,30)": (Family.DECIMAL, {"digits": 65, "scale": 30}),
    "enum('a','b')": (Family.ENUM, {"values": ("a", "b")}),
    "<blob>": (Family.CODEC, {"codec": "blob"}),
    "<blob@>": (Family.CODEC, {"codec": "blob", "store": ""}),
    "<blob@cold-1>": (Family.CODEC, {"codec": "blob", "store": "cold-1"}),
    "<npy@raw>": (Family.CODEC, {"codec": "npy", "store": "raw"}),
    "<attach>": (Family.CODEC, {"codec": "attach"}),
}

NATIVE = {
    "tinyint": (Family.INTEGER, native(bits=8)),
    "smallint unsigned": (Family.INTEGER, native(bits=16, unsigned=True)),
    "mediumint": (Family.INTEGER, native(bits=24)),
    "int": (Family.INTEGER, native(bits=32)),
    "integer": (Family.INTEGER, native(bits=32)),
    "int unsigned": (Family.INTEGER, native(bits=32, unsigned=True)),
    "bigint unsigned": (Family.INTEGER, native(bits=64, unsigned=True)),
    "int auto_increment": (Family.INTEGER, native(bits=32, autoincrement=True)),
    "int unsigned auto_increment": (Family.INTEGER, native(bits=32, unsigned=True, autoincrement=True)),
    "float": (Family.FLOAT, native(bits=32)),
    "float(7,3)": (Family.FLOAT, native(bits=32)),
    "float(30)": (Family.FLOAT, native(bits=64)),
    "double": (Family.FLOAT, native(bits=64)),
    "double unsigned": (Family.FLOAT, native(bits=64, unsigned=True)),
    "double precision": (Family.FLOAT, native(bits=64)),
    "real": (Family.FLOAT, native(bits=64)),
    "decimal": (Family.DECIMAL, native(digits=10)),
    "decimal(5)": (Family.DECIMAL, native(digits=5)),
    "numeric(5,1)": (Family.DECIMAL, native(digits=5, scale=1)),
    "decimal(6,3) unsigned": (Family.DECIMAL, native(digits=6, scale=3, unsigned=True)),
    "time": (Family.TIME, native()),
    "time(3)": (Family.TIME, native(scale=3)),
    "timestamp": (Family.DATETIME, native()),
    "timestamp(6)": (Family.DATETIME, native(scale=6)),
    "tinytext": (Family.STRING, native(length=255)),
    "text": (Family.STRING, native(length=65_535)),
    "mediumtext": (Family.STRING, native(length=16_777_215)),
    "longtext": (Family.STRING, native()),
    "year": (Family.INTEGER, native(bits=16, unsigned=True)),
}

CLASSIC = {
    "longblob": "<blob>",
    "blob": "<blob>",
    "mediumblob": "<blob>",
    "tinyblob": "<blob>",
    "LONGBLOB": "<blob>",
    "attach": "<attach>",
    "blob@cold": "<blob@cold>",
    "attach@cold": "<attach@cold>",
    "filepath@raw": "<filepath@raw>",
    "boolean": "bool",
    "jsonb": "json",
    "serial": "bigint unsigned auto_increment",
    "int(11)": "int",
    "tinyint(1) unsigned": "tinyint unsigned",
    "year(4)": "year",
}


class TestWrittenTypes:
    @pytest.mark.parametrize("text", [*CORE, *NATIVE])
    def test_every_type_of_the_table_is_known(self, text):
        """Core types, codecs and MySQL's native types mean what the table of types says."""
        kind = parse_type(text)

        assert (text, *{**CORE, **NATIVE}[text]) == (kind.text, kind.family, facts(kind))

    @pytest.mark.parametrize(("written", "meaning"), CLASSIC.items())
    def test_classic_spelling_declares_its_current_meaning(self, written, meaning):
        """`longblob` is `<blob>`, `blob@store` is `<blob@store>`, a display width is nothing."""
        assert (parse_type(meaning), meaning) == (parse_type(written), parse_type(written).text)

    @pytest.mark.parametrize(
        ("written", "recorded"),
        [
            ("Int32", "int32"),
            ("VARCHAR( 32 )", "varchar(32)"),
            ("datetime (3)", "datetime(3)"),
            ("decimal(8, 2)", "decimal(8, 2)"),
            ("< blob @ cold >", "<blob@cold>"),
            ("int  unsigned", "int unsigned"),
            ("enum('a', 'b')", "enum('a', 'b')"),
            ("ENUM ('a','b')", "enum('a','b')"),
            ('enum("a", "b")', "enum('a','b')"),
        ],
    )
    def test_case_and_blanks_do_not_matter(self, written, recorded):
        """What is recorded is in lower case; lists are recorded as they are written, as DataJoint does."""
        assert recorded == parse_type(written).text

    def test_two_spellings_are_the_same_type(self):
        """Types are equal by what they mean."""
        assert parse_type("enum('a','b')") == parse_type('enum( "a" ,"b")')
        assert parse_type("decimal(8, 2)") == parse_type("decimal(8,2)")
        assert parse_type("enum('a','b')") != parse_type("enum('b','a')")

    @pytest.mark.parametrize(
        ("written", "values"),
        [
            ("enum('left','right')", ("left", "right")),
            ("enum('it''s', \"it's\\\"\")", ("it's", "it's\"")),
            ("enum('a,b', 'c:d', '#', '(e)')", ("a,b", "c:d", "#", "(e)")),
            ("enum('', 'two  blanks')", ("", "two  blanks")),
            (r"enum('back\\slash')", ("back\\slash",)),
            ("enum('日本')", ("日本",)),
        ],
    )
    def test_enum_values_may_hold_any_character(self, written, values):
        """Quotes, commas, colons, parentheses and blanks belong to the value."""
        assert values == parse_type(written).values

    @pytest.mark.parametrize(
        ("text", "remedy"),
        [
            ("string", "`varchar(255)`"),
            ("varchar", "`varchar(255)`"),
            ("char", "`char(8)`"),
            ("ndarray", "`<blob>`"),
            ("uint16", "`smallint unsigned`"),
            ("enum", "`enum('left', 'right')`"),
            ("enum()", "`enum('left', 'right')`"),
            ("enum(a, b)", "`enum('left', 'right')`"),
            ("set('a')", "Part table"),
            ("flaot32", "Did you mean 'float32'?"),
            ("datetime(7)", "datetime(n)"),
            ("", "Known types are: int8"),
            ("int32 auto_increment", "Known types are: int8"),
        ],
    )
    def test_unknown_type_says_what_to_write_instead(self, text, remedy):
        """Every type that people try has its own advice, others the nearest name and the list."""
        with pytest.raises(UnknownTypeError) as caught:
            parse_type(text)

        assert f"'{text}' is not a type." == caught.value.message
        assert remedy in caught.value.remedy

    @pytest.mark.parametrize(
        "text",
        [
            "varchar(0)",
            "varchar(16384)",
            "char(0)",
            "char(256)",
            "decimal(66,2)",
            "decimal(2,4)",
            "decimal(40,31)",
            "decimal(0,0)",
        ],
    )
    def test_size_that_no_server_holds_is_refused(self, text):
        """What MySQL and MariaDB cannot declare is refused on every database, before any SQL is sent."""
        with pytest.raises(UnknownTypeError, match=r"holds 1 to|has 1 to"):
            parse_type(text)

    def test_enum_that_lists_a_value_twice_is_refused(self):
        """Servers refuse it, so it is refused everywhere."""
        with pytest.raises(UnknownTypeError, match="lists 'a' twice"):
            parse_type("enum('a','b','a')")

    @pytest.mark.parametrize(
        ("text", "bounds"),
        [
            ("int8", (-128, 127)),
            ("int64", (-(2**63), 2**63 - 1)),
            ("mediumint", (-(2**23), 2**23 - 1)),
            ("tinyint unsigned", (0, 255)),
            ("bigint unsigned", (0, 2**64 - 1)),
        ],
    )
    def test_integer_has_bounds(self, text, bounds):
        """The least and the greatest value follow from size and sign."""
        assert bounds == parse_type(text).bounds

    @pytest.mark.parametrize(("text", "is_blob"), [("<blob>", True), ("bytes", True), ("json", False), ("text", False)])
    def test_large_values_are_told_apart(self, text, is_blob):
        """Previews leave out what a codec packs and raw bytes."""
        assert is_blob == parse_type(text).is_blob


class TestColumns:
    """Types of columns that are in a database already."""

    @pytest.mark.parametrize("text", [*CORE])
    def test_recorded_type_is_the_type(self, text):
        """What the comment records counts, whatever the column is."""
        assert parse_type(text) == read_type("longtext", text)

    @pytest.mark.parametrize(
        ("sql_type", "declared"),
        [
            ("int(11)", "int"),
            ("tinyint(1)", "tinyint"),
            ("int(10) unsigned zerofill", "int unsigned"),
            ("bigint(20) unsigned auto_increment", "bigint unsigned auto_increment"),
            ("float(7,3)", "float"),
            ("decimal(6,3) unsigned", "decimal(6,3) unsigned"),
            ("enum('M','it''s')", "enum('M','it''s')"),
            ("varchar(32)", "varchar(32)"),
            ("char(8)", "char(8)"),
            ("date", "date"),
            ("datetime(3)", "datetime(3)"),
            ("timestamp", "timestamp"),
            ("time(6)", "time(6)"),
            ("year(4)", "year"),
            ("longtext", "longtext"),
        ],
    )
    def test_unmarked_column_has_its_native_type(self, sql_type, declared):
        """Tables of DataJoint 0.14 record no types; the column says enough, and it is no core type."""
        kind, expected = read_type(sql_type, None), parse_type(declared)

        assert ((expected.family, facts(expected) | native()), False) == ((kind.family, facts(kind)), kind.is_core)

    @pytest.mark.parametrize("sql_type", ["longblob", "mediumblob", "blob", "tinyblob"])
    def test_unmarked_blob_is_decided_value_by_value(self, sql_type):
        """It may hold packed values or raw bytes, and the first bytes of each tell."""
        kind = read_type(sql_type, None)

        assert (Family.CODEC, "unmarked", False) == (kind.family, kind.codec, kind.is_core)

    @pytest.mark.parametrize(
        ("sql_type", "family"),
        [
            ("binary(16)", Family.BYTES),
            ("varbinary(255)", Family.BYTES),
            ("bit(1)", Family.BYTES),
            ("geometry", Family.BYTES),
            ("set('a','b')", Family.STRING),
            ("varchar(60000)", Family.STRING),
        ],
    )
    def test_type_that_is_not_declared_is_read_as_bytes_or_text(self, sql_type, family):
        """A table made by other hands can be read all the same."""
        assert (family, False) == (read_type(sql_type, None).family, read_type(sql_type, None).is_core)

    @pytest.mark.parametrize(("sql_type", "family"), [("binary(16)", Family.BYTES), ("longtext", Family.STRING)])
    def test_recorded_type_that_is_unknown_is_read_as_bytes_or_text(self, sql_type, family):
        """A marker of a program that is not here does not make the table unreadable."""
        assert (family, "int4096") == (read_type(sql_type, "int4096").family, read_type(sql_type, "int4096").text)


class TestMarkers:
    @pytest.mark.parametrize("text", [*CORE, "enum('a:b', 'c''d:')", 'enum("a:b")'])
    @pytest.mark.parametrize("comment", ["", "the id", "a: b :c:", "it's", '12" : long', ":"])
    def test_recorded_type_and_comment_come_apart_again(self, text, comment):
        """`:int32:the id` is a type and a comment, whatever colons and quotes either holds."""
        assert (text, comment) == split_marker(join_marker(text, comment))

    @pytest.mark.parametrize("comment", ["", "the id", "a: b: c", "it's: so", "12:30:45"])
    def test_comment_without_a_type_is_a_comment(self, comment):
        """Native columns record no type."""
        assert (None, comment) == split_marker(join_marker(None, comment))


class TestLists:
    @pytest.mark.parametrize("text", ["", "a", "'a' 'b'", "'a',", "'a", "'a', b"])
    def test_what_is_no_list_of_quoted_values_is_not_read(self, text):
        """Values stand in quotes, with commas between."""
        assert None is parse_values(text)

    @pytest.mark.parametrize("values", [("a",), ("it's", 'say "x"'), ("a,b", "c:d"), ("\\", "\\'"), ("",)])
    def test_list_is_read_as_it_was_written(self, values):
        """Writing an enum and reading it gives its values back."""
        assert values == parse_values(enum_text(values)[5:-1])
