"""Whatever text stands where a definition should, it is read, or refused with an error that shows the place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from djnb.errors import DefinitionError, UnknownTypeError
from djnb.model.attribute import split_marker
from djnb.model.core_types import parse_type, read_type
from djnb.model.definition import Definition, ForeignKeyLine, parse_definition
from djnb.model.definition_text import write_definition
from tests.definitions import definitions

PIECES = [
    "a", "b_1", ":", "=", "#", "->", "---", "___", "\n", "\r", "\t", " ", "'", '"', "`", "\\", "(", ")", "[", "]", "<",
    ">", "@", ",", ";", "{", "}", "%", "%s", ".", "-", "0", "9", "65535", "9" * 30, "٣", "²", "İ", "\u2028", "\x00",
    "\ud800", "null", "NULL(", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP(3)", "int32", "int unsigned auto_increment",
    "varchar(", "varchar(٣)", "decimal(", "decimal(99,99)", "float(", "float(60)", "double(7,4)", "datetime(", "enum(",
    "enum('a','b')", "''", '""', "<blob@", "<blob>", "index", "index(", "unique", "Unique INDEX (", "[nullable]",
    "nullable", ".proj(", "-- ", "/*", "*/", "'; DROP TABLE x; --",
]  # fmt: skip
NUMBERS = st.sampled_from(["0", "1", "7", "16", "65", "66", "99", "300", "9" * 5000, "٣", "-1", "", "1.5", " 2 "])
TYPES = st.sampled_from(
    ["char", "varchar", "datetime", "decimal", "numeric", "dec", "fixed", "float", "double", "real", "time",
     "timestamp", "year", "int", "bigint", "tinyint"]
)  # fmt: skip


def unplaced(definition: Definition) -> Definition:
    """Return a definition without the places of its lines."""
    lines = [replace(line, number=0, text="") for line in definition.lines]
    places = {"column": 0}, {"default_column": 0, "type_column": 0}
    for index, line in enumerate(lines):
        if isinstance(line, ForeignKeyLine):
            lines[index] = replace(line, **places[0])
        elif hasattr(line, "type_column"):
            lines[index] = replace(line, **places[1])
    return replace(definition, lines=tuple(lines))


def check(text: str) -> None:
    """Read a text; what can be read is written so that it is read as the same."""
    found = refused = None
    try:
        found = parse_definition(text, table="T")
    except DefinitionError as error:
        refused = error
    if found is not None:
        assert unplaced(parse_definition(write_definition(found))) == unplaced(found)
    if refused is not None:
        _, shown, caret = str(refused).split("\n")[:3]
        assert refused.line is not None
        assert (caret.strip(), len(shown) <= 600) == ("^", True)


class TestAnyText:
    @settings(max_examples=400)
    @given(text=st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
    @example("a : varchar(٣)")
    @example("a = null(3) : datetime")
    @example("a = 'x\ry' : varchar(4)")
    @example("-> [] [x]")
    def test_of_the_grammars_own_words_is_read_or_refused(self, text):
        """Nothing but an error of definitions is raised, and what was read can be written again."""
        check(text)

    @settings(max_examples=200)
    @given(text=st.text(max_size=60))
    def test_of_any_characters_is_read_or_refused(self, text):
        """A file of another kind, pasted by mistake, gives a message too."""
        check(text)

    @settings(max_examples=150)
    @given(text=definitions({"Lab": ["lab", "room"]}))
    def test_that_can_be_declared_is_the_same_when_it_is_written(self, text):
        """What describes a table declares it."""
        found = parse_definition(text)

        assert unplaced(parse_definition(write_definition(found))) == unplaced(found)


class TestAnyType:
    @settings(max_examples=300)
    @given(name=TYPES, sizes=st.lists(NUMBERS, max_size=3), tail=st.sampled_from(["", " unsigned", " zerofill", "x"]))
    def test_of_any_size_is_read_or_refused(self, name, sizes, tail):
        """Numbers that no database takes, and no Python reads, are refused; in the database they are read as text."""
        text = f"{name}({','.join(sizes)}){tail}"

        read_type(text, None)
        read_type("int", text)
        try:
            found = parse_type(text)
        except UnknownTypeError:
            return
        assert parse_type(found.text) == found
        assert found.text.isascii()

    @pytest.mark.parametrize("name", ["decimal", "numeric", "dec", "fixed"])
    @pytest.mark.parametrize("size", ["66,2", "99,99", "40,31", "2,3", "0,0"])
    def test_of_decimals_has_the_same_limits_in_every_spelling(self, name, size):
        """What no server holds is refused before it is asked."""
        with pytest.raises(UnknownTypeError, match="1 to 65 digits"):
            parse_type(f"{name}({size})")


LONG = 200_000
HUGE = {
    "comment": "#" + "x" * LONG,
    "comment of an attribute": "a : int32 # " + "x" * LONG,
    "name": "a" * LONG + " : int32",
    "type": "a : " + "x" * LONG,
    "size": f"a : varchar({'9' * LONG})",
    "scale": f"a : decimal(5,{'9' * LONG})",
    "blanks": "a : <blob" + " " * LONG,
    "blanks of a codec": "a : <blob @ " + " \t" * LONG + "x",
    "open quote": "a = '" + "\\'" * LONG,
    "doubled quotes": "a : enum('" + "''" * LONG,
    "doubled quotes that end elsewhere": "a : enum('" + "''" * LONG + "x)",
    "backslashes": "a : enum('" + "\\" * LONG + ")",
    "brackets": "-> " + "[" * LONG,
    "options": "-> [" + "unique ," + " " * LONG + "x] A",
    "indexed": "index(" + ", ".join(f"a{i}" for i in range(20_000)) + ")",
    "arrows": "- " * LONG + ">",
    "unique": "unique" + " " * LONG + "index",
    "values twice": "a : enum(" + ",".join(f"'{i}'" for i in range(50_000)) + ",'0')",
    "values": "a : enum(" + ",".join(f"'{i}'" for i in range(70_000)) + ")",
}


class TestAnyLength:
    @pytest.mark.parametrize("text", HUGE.values(), ids=list(HUGE))
    def test_is_refused_with_a_short_message(self, text):
        """A line as long as a book takes no time to speak of, and the message shows what is around the place."""
        with pytest.raises(DefinitionError) as caught:
            parse_definition(text)

        assert len(str(caught.value)) < 3000

    @pytest.mark.parametrize("quote", ["'", '"'])
    def test_of_a_comment_that_begins_like_a_type_is_read(self, quote):
        """A comment that somebody else wrote, of a thousand quotes, is a comment."""
        comment = ":enum(" + quote * 1001

        assert (None, comment) == split_marker(comment)
