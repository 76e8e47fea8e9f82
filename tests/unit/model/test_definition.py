"""Reading a definition: what each line means, and what is said of a line that cannot be read."""

from __future__ import annotations

import pytest

from djnb.errors import DefinitionError, UnknownTypeError
from djnb.model.attribute import NULL, Default
from djnb.model.core_types import parse_type
from djnb.model.definition import AttributeLine, Definition, ForeignKeyLine, IndexLine, parse_definition


def attribute(text):
    """Return the only line of a definition."""
    (line,) = parse_definition(text).lines
    assert isinstance(line, AttributeLine)
    return line


def secondary(text):
    """Return the only line below the key."""
    return parse_definition(f"k : int32\n---\n{text}").lines[1]


def foreign_key(text):
    (line,) = parse_definition(text).lines
    assert isinstance(line, ForeignKeyLine)
    return line


def refused(text, kind=DefinitionError):
    """Return the error that a definition gives."""
    with pytest.raises(kind) as caught:
        parse_definition(text, table="Recording")
    return caught.value


def pointed_at(error):
    """Return what stands over the caret of an error's message, to the end of the line."""
    _, line, caret, *_ = str(error).split("\n")
    return line[caret.index("^") :]


class TestWholeDefinition:
    def test_every_kind_of_line_is_read_in_order(self):
        """Comment, foreign key, attribute, divider, default, index: a definition is read line by line."""
        found = parse_definition(
            """
            # recordings of a day
            -> Subject
            rec : int16  # number

            # not the table's comment
            ---
            x = 1.5 : float64  # V
            unique index (x)
            """
        )

        assert found == Definition(
            "recordings of a day",
            (
                ForeignKeyLine(3, "-> Subject", True, "Subject", 3),
                AttributeLine(4, "rec : int16  # number", True, "rec", parse_type("int16"), None, "number", 4, 6),
                AttributeLine(
                    8, "x = 1.5 : float64  # V", False, "x", parse_type("float64"), Default("1.5"), "V", 4, 10
                ),
                IndexLine(9, "unique index (x)", False, ("x",), True),
            ),
        )

    @pytest.mark.parametrize("divider", ["---", "-----", "--- # measured", "___"])
    def test_what_follows_the_divider_is_not_in_the_key(self, divider):
        """Three dashes or more end the primary key; so do three underscores, as in old definitions."""
        lines = parse_definition(f"a : int32\n{divider}\nb : int32").lines

        assert [("a", True), ("b", False)] == [(line.name, line.in_key) for line in lines]

    @pytest.mark.parametrize("text", ["", "\n \n", "# only a comment"])
    def test_definition_without_attributes_has_no_lines(self, text):
        """An empty definition is read; that it declares nothing is said when it is declared."""
        assert () == parse_definition(text).lines

    def test_comment_after_the_first_line_is_no_comment_of_the_table(self):
        """Only the first line that is not blank is the table's comment."""
        assert "" == parse_definition("a : int32\n# later").comment

    def test_only_a_line_feed_ends_a_line(self):
        """A comment pasted with a line separator in it, or written on Windows, stays one line."""
        lines = parse_definition("a : int32  # one\u2028two\r\nb : int32").lines

        assert [("a", "one\u2028two"), ("b", "")] == [(line.name, line.comment) for line in lines]

    def test_table_comment_must_not_begin_with_a_colon(self):
        """Colons at the beginning of comments record types in the database."""
        error = refused("# : rats\na : int32")

        assert ((1, 2), ": rats") == ((error.line, error.column), pointed_at(error))

    def test_table_comment_that_the_database_cannot_hold_is_refused(self):
        """2048 characters are what a server keeps."""
        assert "longer than 2048 characters" in str(refused("# " + "x" * 2049 + "\na : int32"))
        assert 2048 == len(parse_definition("# " + "x" * 2048 + "\na : int32").comment)


class TestAttributes:
    @pytest.mark.parametrize("text", ["x:float64#V", "x : float64 # V", "  x\t:\tfloat64   #   V  "])
    def test_blanks_mean_nothing(self, text):
        """Blanks around the parts of a line may be there or not."""
        line = attribute(text)

        assert ("x", parse_type("float64"), None, "V") == (line.name, line.type, line.default, line.comment)

    @pytest.mark.parametrize(
        "comment",
        ["100 % of it", '"quoted", it\'s', "a: b :c:", "# twice", "{x} {{y}} {0}", "体重 größe", r"back\slash -- ;"],
    )
    def test_comment_is_kept_as_it_is_written(self, comment):
        """Per cent signs, quotes, colons, braces and any script may stand in a comment."""
        assert comment == attribute(f"x : float64  # {comment}").comment

    @pytest.mark.parametrize(
        ("written", "default"),
        [
            ("1", Default("1")),
            ("-1.5e3", Default("-1.5e3")),
            ("'mm'", Default("mm")),
            ('"mm"', Default("mm")),
            ('""', Default("")),
            ("mm", Default("mm")),
            ("'it''s'", Default("it's")),
            ('"it\'s"', Default("it's")),
            ("'a:b#c'", Default("a:b#c")),
            ("'null'", Default("null")),
            ("null", NULL),
            ("NULL", NULL),
        ],
    )
    def test_default_is_a_value_with_or_without_quotes_or_null(self, written, default):
        """Quotes of either kind are taken off, and only the bare word null makes the attribute nullable."""
        assert default == secondary(f"x = {written} : varchar(16)  # c").default

    @pytest.mark.parametrize("written", ["CURRENT_TIMESTAMP", "current_timestamp"])
    def test_time_can_default_to_the_present(self, written):
        """CURRENT_TIMESTAMP is a keyword, in any case."""
        assert Default("CURRENT_TIMESTAMP", is_keyword=True) == secondary(f"t = {written} : datetime(3)").default

    @pytest.mark.parametrize("name", ["index_x", "unique_index", "select", "a", "x2_"])
    def test_names_that_mean_something_in_sql_are_allowed(self, name):
        """Names are always quoted, so `select` and `index_x` are attributes like others."""
        assert name == attribute(f"{name} : int32").name

    @pytest.mark.parametrize(
        ("name", "advice"),
        [
            ("X", "lower-case"),
            ("2x", "lower-case"),
            ("a b", "lower-case"),
            ("`a`", "lower-case"),
            ("größe", "lower-case"),
            ("", "lower-case"),
            ("_x", "leading underscore"),
        ],
    )
    def test_name_that_cannot_be_one_is_refused(self, name, advice):
        """Names begin with a lower-case letter; a leading underscore hides an attribute and is not for users."""
        error = refused(f"a : int32\n{name} : int32")

        assert f"'{name}' cannot be the name of an attribute" in error.message
        assert advice in error.remedy
        assert (2, 0) == (error.line, error.column)

    def test_name_that_the_database_cannot_hold_is_refused(self):
        """64 characters are what a server keeps."""
        assert "has 65 characters; 64 are allowed" in str(refused("x" * 65 + " : int32"))
        assert 64 == len(attribute("x" * 64 + " : int32").name)

    def test_missing_colon_is_pointed_out_with_an_example(self):
        """The caret stands where the colon and the type should be, and the remedy shows a whole line."""
        error = refused("\nk : int32\nx float64  # V")

        assert str(error) == (
            "In the definition of `Recording`, line 3:\n"
            "    x float64  # V\n"
            "               ^\n"
            "An attribute needs a colon and a type.\n"
            "Write `name : type  # comment`, for example `x : float64  # V`."
        )

    def test_unknown_type_is_pointed_out_with_the_nearest_one(self):
        """The caret stands under the type, and the error has a class of its own."""
        error = refused("k : int32\nx = 1 :  flaot64  # V", UnknownTypeError)

        assert "flaot64  # V" == pointed_at(error)
        assert "'flaot64' is not a type." == error.message
        assert error.remedy.startswith("Did you mean 'float64'?")

    def test_comment_must_not_begin_with_a_colon(self):
        """Colons at the beginning of comments record types in the database."""
        error = refused("x : float64  # :V")

        assert ":V" == pointed_at(error)
        assert "begin with a word" in error.remedy

    def test_comment_that_the_database_cannot_hold_is_refused(self):
        """1024 characters are what a server keeps, the recorded type among them; the message shows the beginning."""
        error = refused("x : int32  # " + "y" * 1018)

        assert "longer than 1017 characters" in str(error)
        assert len(str(error)) < 400
        assert 1017 == len(attribute("x : int32  # " + "y" * 1017).comment)

    @pytest.mark.parametrize("kind", ["<blob>", "longblob", "bytes", "json", "text"])
    def test_value_without_an_order_cannot_be_in_the_key(self, kind):
        """Blobs, documents and unbounded text cannot identify a row; the remedy says what can."""
        error = refused(f"x : {kind}")

        assert kind == pointed_at(error)
        assert "`uuid`" in error.remedy

    @pytest.mark.parametrize("kind", ["<blob>", "bytes", "json", "uuid"])
    def test_value_that_cannot_be_written_as_text_defaults_to_null_only(self, kind):
        """A blob, bytes, a document or a UUID has no default but null."""
        error = refused(f"k : int32\n---\nx = 'a' : {kind}")

        assert f"'a' : {kind}" == pointed_at(error)
        assert error.remedy.startswith("Write `x = null : ")
        assert NULL == secondary(f"x = null : {kind}").default

    def test_key_cannot_be_null(self):
        """A nullable attribute above the divider is refused."""
        error = refused("x = null : int32")

        assert "null : int32" == pointed_at(error)
        assert "below `---`" in error.remedy

    def test_number_cannot_default_to_the_present_time(self):
        """CURRENT_TIMESTAMP is for dates and times."""
        assert "CURRENT_TIMESTAMP : int8" == pointed_at(refused("k : int32\n---\nx = CURRENT_TIMESTAMP : int8"))

    def test_only_the_key_is_numbered_by_the_database(self):
        """Auto_increment below the divider is refused, as servers refuse it."""
        error = refused("k : int32\n---\nx : int auto_increment")

        assert "int auto_increment" == pointed_at(error)


class TestForeignKeys:
    @pytest.mark.parametrize(
        ("text", "expression"),
        [
            ("-> Subject", "Subject"),
            ("->Subject", "Subject"),
            ("-> lab.Subject  # whose", "lab.Subject"),
            ("-> Subject.proj(other='subject_id')", "Subject.proj(other='subject_id')"),
            ("-> master", "master"),
        ],
    )
    def test_expression_names_the_parent(self, text, expression):
        """A name, a dotted name or a projection, with or without a comment."""
        assert expression == foreign_key(text).expression

    @pytest.mark.parametrize(
        ("options", "nullable", "unique"),
        [
            ("", False, False),
            ("[]", False, False),
            ("[nullable]", True, False),
            ("[ Unique ]", False, True),
            ("[nullable, UNIQUE]", True, True),
        ],
    )
    def test_options_stand_in_brackets(self, options, nullable, unique):
        """Options come in any case and order."""
        line = secondary(f"-> {options} Subject")

        assert ("Subject", nullable, unique) == (line.expression, line.is_nullable, line.is_unique)

    def test_arrow_within_a_comment_or_quotes_is_no_foreign_key(self):
        """`->` means a foreign key only where no quote and no comment precedes it."""
        assert ["a -> b", "a->b"] == [
            attribute("x : int32  # a -> b").comment,
            attribute("x = 'a->b' : varchar(9)").default.text,
        ]

    @pytest.mark.parametrize("text", ["->", "->  # whose", "-> [unique]"])
    def test_missing_parent_is_refused(self, text):
        """An arrow to nothing says how to write a foreign key."""
        error = refused(f"k : int32\n{text}")

        assert (2, 0) == (error.line, error.column)
        assert "`-> [nullable] Parent`" in error.remedy

    def test_text_before_the_arrow_is_refused(self):
        """A foreign key begins with its arrow; the caret shows it."""
        assert "-> Subject" == pointed_at(refused("who -> Subject"))

    def test_unknown_option_is_pointed_out(self):
        """The caret stands under the very option."""
        error = refused("k : int32\n---\n-> [nullable, uniqe] Subject")

        assert "uniqe] Subject" == pointed_at(error)
        assert "'uniqe' is not an option of a foreign key." == error.message

    def test_nullable_foreign_key_cannot_be_in_the_key(self):
        """What identifies a row is never null."""
        error = refused("-> [unique, nullable] Subject")

        assert "nullable] Subject" == pointed_at(error)
        assert "below `---`" in error.remedy


class TestIndexes:
    @pytest.mark.parametrize(
        ("text", "names", "unique"),
        [
            ("index(a)", ("a",), False),
            ("INDEX (a, b)  # for the plots", ("a", "b"), False),
            ("unique  index(a)", ("a",), True),
            ("Unique Index ( `a`,b )", ("a", "b"), True),
        ],
    )
    def test_index_lists_attributes(self, text, names, unique):
        """An index may be unique, in any case, with or without blanks, back quotes and a comment."""
        line = secondary(text)

        assert isinstance(line, IndexLine)
        assert (names, unique) == (line.names, line.is_unique)

    @pytest.mark.parametrize("text", ["index()", "index(a,)", "index(a b)", "index(a + 1)", "unique index(A)"])
    def test_what_is_no_list_of_attributes_is_refused(self, text):
        """The remedy shows an index."""
        error = refused(f"a : int32\n---\n{text}")

        assert "An index lists attributes." == error.message
        assert "`index(a, b)`" in error.remedy

    def test_expression_is_refused_with_the_reason(self):
        """MariaDB can index none."""
        error = refused("a : int32\n---\nindex((a + 1))")

        assert "not every database can index expressions" in error.message
        assert "(a + 1))" == pointed_at(error)

    def test_enum_value_that_ends_with_a_blank_is_refused(self):
        """Servers take the blank away, so a row that has the value would not fit, or come back as another."""
        error = refused("a : int32\n---\nb : enum('x', 'y ')")

        assert "'y ' ends with a blank" in error.message
        assert "enum('x', 'y ')" == pointed_at(error)

    def test_attribute_named_twice_is_refused(self):
        """Servers refuse such an index, so it is refused everywhere."""
        assert "a)" == pointed_at(refused("a : int32\n---\nindex(a, a)"))
