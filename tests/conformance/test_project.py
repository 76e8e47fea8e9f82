"""Attributes chosen, renamed and computed."""

from __future__ import annotations

from datetime import date

import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from tests.conformance.reading import connection

__all__ = ["connection"]


@pytest.fixture(scope="module")
def Recording(shared_schema):
    """Three recordings of two animals."""

    @shared_schema
    class Recording(dj.Manual):
        definition = """
        animal : int32
        take   : int32
        ---
        name = null    : varchar(20)
        n = null       : int16
        rate           : float64
        small = 0      : tinyint unsigned
        day = null     : date
        good = null    : bool
        group = null   : int32
        data = null    : <blob>
        """

    Recording.insert(
        [
            {"animal": 1, "take": 1, "name": "é", "n": 1, "rate": 2.5, "small": 5, "day": "2024-01-05", "good": True},
            {"animal": 1, "take": 2, "name": "b", "n": 2, "rate": 5, "group": 3, "good": False, "data": [1, 2]},
            {"animal": 2, "take": 1, "rate": 10},
        ]
    )
    return Recording


def column(query, name):
    """Return the values of an attribute, in the order of the key."""
    return [row[name] for row in query.to_dicts()]


class TestChoose:
    def test_key_alone(self, Recording):
        """Without names, the key remains."""
        assert ["animal", "take"] == Recording.proj().heading.names
        assert Recording.keys() == Recording.proj().to_dicts()

    def test_named_attributes_come_with_the_key(self, Recording):
        """The key always stays; attributes keep the heading's order."""
        assert ["animal", "take", "name", "rate"] == Recording.proj("rate", "name").heading.names
        assert ["animal", "take", "rate"] == Recording.proj("rate", "animal").heading.names

    def test_everything(self, Recording):
        """`...` stands for all attributes."""
        assert Recording.heading.names == Recording.proj(...).heading.names == Recording.proj("...").heading.names
        assert Recording.to_dicts() == Recording.proj(...).to_dicts()

    def test_everything_but_one(self, Recording):
        """`-name` leaves an attribute out."""
        names = Recording.proj(..., "-data", "-group").heading.names

        assert [name for name in Recording.heading.names if name not in ("data", "group")] == names

    def test_unknown_name_is_refused_with_a_suggestion(self, Recording, statements):
        """A misspelt name is refused at once."""
        for names, computed in ((["rat"], {}), (["-rat"], {}), ([], {"x": "rat * 2"})):
            with pytest.raises(UnknownAttributeError, match=r"no attribute 'rat'. Did you mean 'rate'"):
                Recording.proj(*names, **computed)
        assert [] == statements

    def test_key_cannot_be_left_out(self, Recording):
        """Without its key, a row has no identity."""
        with pytest.raises(OperandError, match="'take' belongs to the primary key and cannot be left out"):
            Recording.proj(..., "-take")


class TestRename:
    def test_attribute_of_the_key_stays_in_the_key(self, Recording):
        """Renaming does not change what identifies a row."""
        query = Recording.proj("rate", subject="animal")

        assert (["subject", "take"], ["subject", "take", "rate"]) == (query.primary_key, query.heading.names)
        assert {"subject": 2, "take": 1, "rate": 10.0} == (query & "subject = 2").fetch1()

    def test_secondary_attribute(self, Recording):
        """The old name is gone unless it is asked for."""
        assert ["animal", "take", "hz"] == Recording.proj(hz="rate").heading.names
        assert {"animal": 2, "take": 1, "hz": 10.0, "rate": 10.0} == (
            Recording.proj("rate", hz="rate") & "animal = 2"
        ).fetch1()

    def test_two_names_change_places(self, Recording):
        """Names may be exchanged in one projection."""
        query = Recording.proj(animal="take", take="animal")

        assert ["take", "animal"] == query.primary_key
        assert [(1, 1), (1, 2), (2, 1)] == [(row["take"], row["animal"]) for row in query.to_dicts()]
        assert [{"take": 2, "animal": 1}] == (query & "take = 2").to_dicts()

    def test_copy_in_parentheses(self, Recording):
        """`new='(old)'` keeps both and leaves the key alone."""
        query = Recording.proj(number="(take)")

        assert (["animal", "take"], [1, 2, 1]) == (query.primary_key, column(query, "number"))
        assert "int32" == query.heading["number"].type.text

    def test_taken_name_is_refused(self, Recording):
        """No two attributes of one name."""
        for names, computed in (
            (["rate"], {"rate": "n"}),
            ([], {"take": "n"}),
            ([], {"take": "n + 1"}),
            (["rate"], {"rate": "rate + 1"}),
        ):
            with pytest.raises(OperandError, match=r"Two attributes would be called '(rate|take)'"):
                Recording.proj(*names, **computed)

    def test_twice_is_refused(self, Recording):
        """One attribute cannot become two by renaming; the message shows the copy."""
        with pytest.raises(OperandError, match=r"'rate' is renamed twice. Copy it the second time: `b='\(rate\)'`"):
            Recording.proj(a="rate", b="rate")

    def test_undone_by_another_one(self, Recording):
        """Projections upon projections."""
        there_and_back = Recording.proj(..., a="animal", r="rate").proj(..., animal="a", rate="r")

        assert Recording.to_dicts(*sorted(Recording.heading.names)) == there_and_back.to_dicts(
            *sorted(Recording.heading.names)
        )


class TestCompute:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("n + 1", [2, 3, None]),
            ("n * rate", [2.5, 10.0, None]),
            ("n / 3", [1 / 3, 2 / 3, None]),
            ("rate / 0", [None, None, None]),
            ("n div 2", [0, 1, None]),
            ("-small", [-5, 0, 0]),
            ("abs(n - 2)", [1, 0, None]),
            ("coalesce(n, 0.5)", [1.0, 2.0, 0.5]),
            ("ifnull(n, 0)", [1, 2, 0]),
            ("n > 1", [False, True, None]),
            ("n > 1 AND rate > 1", [False, True, None]),
            ("not good", [False, True, None]),
            ("name is null", [False, False, True]),
            ("concat(name, '-', n)", ["é-1", "b-2", None]),
            ("upper(concat('a', take))", ["A1", "A2", "A1"]),
            ("length(name)", [2, 1, None]),
            ("char_length(name)", [1, 1, None]),
            ("'text'", ["text"] * 3),
            ("7", [7] * 3),
            ("1.5", [1.5] * 3),
            ("null", [None] * 3),
            ("if(n > 1, 'many', 'few')", ["few", "many", "few"]),
            ("year(day)", [2024, None, None]),
            ("`group` + 1", [None, 4, None]),
            ("(n)", [1, 2, None]),
            ("((n))", [1, 2, None]),
            ("round(rate * 1.1)", [3.0, 6.0, 11.0]),
            ("pow(n, 2)", [1.0, 4.0, None]),
            ("sqrt(rate * 10)", [5.0, 50**0.5, 10.0]),
            ("greatest(n, 2)", [2, 2, None]),
            ("mod(take, 2)", [1, 0, 1]),
            ("case when n = 1 then 10 when n = 2 then 20 end", [10, 20, None]),
        ],
    )
    def test_value_and_python_type_are_the_same_on_every_database(self, Recording, text, values):
        """Expressions are MySQL's; whole numbers are int, others float, truth values bool."""
        found = column(Recording.proj(new=text), "new")

        assert [(type(value), value) for value in values] == [(type(value), value) for value in found]

    def test_date_keeps_its_type(self, Recording):
        """A copied attribute, or a function that picks one of its values, has its type."""
        query = Recording.proj(other="(day)")

        assert ("date", date(2024, 1, 5)) == (query.heading["other"].type.text, column(query, "other")[0])

    def test_upon_computed(self, Recording):
        """New attributes may be computed from computed ones, and restrict, order and join."""
        query = Recording.proj(double="n * 2").proj(..., four="double * 2") & "four > 4"

        assert [{"animal": 1, "take": 2, "double": 4, "four": 8}] == query.to_dicts()
        assert [None, 1, 2] == [row["m"] for row in Recording.proj(m="n + 0").to_dicts(order_by="m")]
        assert [2, 1, None] == [row["m"] for row in Recording.proj(m="n + 0").to_dicts(order_by="m DESC")]

    def test_constant_orders_nothing(self, Recording):
        """A number as an attribute is a value, also where rows are ordered or grouped by it: not a column's place."""
        query = Recording.proj(one="9")

        keys = [(1, 1), (1, 2), (2, 1)]
        assert keys == [(row["animal"], row["take"]) for row in query.to_dicts(order_by="one DESC, animal, take")]
        assert [1, 1, 1] == column(query.aggr(Recording, "one", n="count(*)"), "n")

    def test_braces_and_per_cent_signs_are_text(self, Recording):
        """Nothing in a literal means anything."""
        assert ["{} %s {0} %(a)s ? :x"] * 3 == column(Recording.proj(new="'{} %s {0} %(a)s ? :x'"), "new")

    def test_window(self, Recording):
        """A function over a window has a value for each row."""
        assert [3, 2, 1] == column(Recording.proj(place="row_number() over (order by rate desc)"), "place")

    def test_aggregate_is_refused(self, Recording, statements):
        """`count(*)` is not about one row; the message says how to ask."""
        with pytest.raises(OperandError, match=r"makes one value of many rows.*aggr\(Recording, n='count\(\*\)'\)"):
            Recording.proj(n="count(*)")

        assert [] == statements

    def test_blob_may_be_carried_along(self, Recording):
        """A copied blob is unpacked like the blob."""
        assert [1, 2] == list((Recording.proj(copied="(data)") & {"animal": 1, "take": 2}).fetch1("copied"))
