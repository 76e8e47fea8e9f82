"""Values within JSON, by their paths."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import djnb as dj
from djnb.errors import InvalidValueError, OperandError, QuerySyntaxError
from tests.conformance.reading import connection, declare, schema

__all__ = ["connection", "declare", "schema"]


@pytest.fixture(scope="module")
def Session(declare):
    """Five sessions; the fourth has an empty document, the fifth none."""
    first = {
        "rig": {"name": "a", "rooms": ["x", "y"]}, "n": 3, "price": 1.5, "yes": True, "list": [1, {"deep": "é"}],
        "full name": "ann's \"50%\"", "day": "2024-02-29", "at": "2024-02-29 10:11:12.5", "span": "10:11:12",
    }  # fmt: skip
    second = {"rig": {"name": "b", "rooms": []}, "n": "3", "price": "two", "yes": False, "list": [], "day": "never"}
    third = {"rig": {"name": None}, "n": -1.5e1, "yes": 1, "full": 0}
    rows = [(1, "one", 7, first), (2, "two", 8, second), (3, None, None, third), (4, None, None, {})]
    return declare(
        "Session",
        "session_id : int32\n---\nname = null : varchar(20)\nn = null : int32\nmeta = null : json",
        rows=[*rows, (5, None, None, None)],
    )


@pytest.fixture(scope="module")
def Trial(declare, Session):
    """Trials of two sessions."""
    rows = [(1, 1, {"n": 1}), (1, 2, {"n": 2}), (2, 1, {"n": 1})]
    return declare("Trial", "-> Session\ntrial : int32\n---\nmore = null : json", rows=rows, Session=Session)


def ids(query):
    """Return the keys of the sessions in a query."""
    return sorted(row["session_id"] for row in query.to_dicts())


class TestInADict:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"meta.rig.name": "a"}, [1]),
            ({"meta.rig.name": "A"}, []),
            ({"meta.rig.name": "a", "meta.n:int": 3}, [1]),
            ({"meta.rig.name": "b", "name": "two"}, [2]),
            ({"meta.rig.name": "b", "name": "one"}, []),
            ({"meta.rig.name": "a", "of_another_table": 1}, [1]),
            ({"meta.list[0]": 1}, [1]),
            ({"meta.list[1].deep": "é"}, [1]),
            ({"meta.list[7]": 1}, []),
            ({"meta.rig.rooms[1]": "y"}, [1]),
            ({'meta."full name"': 'ann\'s "50%"'}, [1]),
            ({"meta.n": 3}, [1, 2]),
            ({"meta.n": 3.0}, [1, 2]),
            ({"meta.n": "3"}, [1, 2]),
            ({"meta.n": Decimal("3.00")}, [1, 2]),
            ({"meta.n": -15}, [3]),
            ({"meta.n:int": 3}, [1, 2]),
            ({"meta.n:float": -15.0}, [3]),
            ({"meta.n: decimal(5, 2)": Decimal(3)}, [1, 2]),
            ({"meta.price": 1.5}, [1]),
            ({"meta.price:decimal(5,2)": "1.50"}, [1]),
            ({"meta.price": 0}, []),
            ({"meta.price:int": 0}, []),
            ({"meta.yes": True}, [1]),
            ({"meta.yes": False}, [2]),
            ({"meta.yes": 1}, [3]),
            ({"meta.yes:bool": True}, [1, 3]),
            ({"meta.yes:bool": False}, [2]),
            ({"meta.full:bool": False}, [3]),
            ({"meta.day:date": date(2024, 2, 29)}, [1]),
            ({"meta.day:date": "2024-02-29"}, [1]),
            ({"meta.day": date(2024, 2, 29)}, [1]),
            ({"meta.at:datetime(3)": datetime(2024, 2, 29, 10, 11, 12, 500_000)}, [1]),
            ({"meta.span:time": timedelta(hours=10, minutes=11, seconds=12)}, [1]),
            ({"meta.rig:json": None}, [4, 5]),
        ],
    )
    def test_keeps_rows_with_the_value_at_the_path(self, Session, given, expected):
        """A key `attribute.path`, perhaps with `:type`, stands for what the document has there."""
        assert ids(Session & given) == expected

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("meta.rig.name", [3, 4, 5]),
            ("meta.rig", [4, 5]),
            ("meta.n", [4, 5]),
            ("meta.n:int", [4, 5]),
            ("meta.yes:bool", [4, 5]),
        ],
    )
    def test_none_is_what_is_missing(self, Session, path, expected):
        """None keeps the rows without a document, without the path, and with null at its end."""
        assert ids(Session & {path: None}) == expected
        assert ids(Session & {path: float("nan")}) == expected

    def test_negated(self, Session):
        """What does not hold, or is missing, is what `-` keeps."""
        assert ids(Session - {"meta.rig.name": "a"}) == [2, 3, 4, 5]
        assert ids(Session - {"meta.n": 3}) == [3, 4, 5]

    def test_in_a_list(self, Session):
        """Any of several dicts may hold, with paths or without."""
        given = [{"meta.rig.name": "a"}, {"meta.rig.name": "b", "meta.n:int": 3}, {"session_id": 4}]

        assert ids(Session & given) == [1, 2, 4]
        assert ids(Session & dj.AndList(given[:1] * 2)) == [1]

    @pytest.mark.parametrize("value", ["' OR 1=1 -- ", "%", "{}", "a' OR 'a' = 'a", "\\"])
    def test_value_is_only_a_value(self, Session, value):
        """Whatever a value holds, it ends nothing."""
        assert ids(Session & {"meta.rig.name": value}) == []
        assert ids(Session & {f"meta.{_quoted(value)}.name": "a"}) == []

    @pytest.mark.parametrize("value", [[1], {"deep": "é"}, float("inf"), b"a"])
    def test_what_is_no_single_value_is_refused(self, Session, value):
        """Lists and objects are found by JSON_CONTAINS, as the error says."""
        with pytest.raises(InvalidValueError, match="JSON_CONTAINS"):
            len(Session & {"meta.list": value})

        assert ids(Session & "JSON_CONTAINS(meta, '[1]', '$.list')") == [1]

    def test_value_of_another_type_is_refused(self, Session):
        """A path with a type is compared with values of that type."""
        with pytest.raises(InvalidValueError, match="not a whole number"):
            len(Session & {"meta.n:int": "three"})

    @pytest.mark.parametrize("name", ["name.first", "n.a:int", "session_id[0]"])
    def test_path_into_what_is_not_json_is_refused(self, Session, name, statements):
        """Only JSON has paths."""
        with pytest.raises(OperandError, match="not `json`"):
            Session & {name: 1}
        with pytest.raises(OperandError, match="not `json`"):
            Session.proj(x=name)

        assert not statements

    @pytest.mark.parametrize(
        "name",
        ["meta.", "meta.a b", "meta.n) OR (1=1", "meta.*", "meta[*]", "meta.n > 1", "meta.n:", "meta..n", "meta[-1]"],
    )
    def test_what_is_no_path_is_refused(self, Session, name, statements):
        """A key that begins like a path is one, or an error."""
        with pytest.raises(OperandError, match="neither an attribute nor a path"):
            Session & {name: 1}

        assert not statements

    @pytest.mark.parametrize("name", ["meta.n:itn", "meta.n:blob", "meta.n:int); DROP TABLE x", "meta.n:uuid"])
    def test_type_that_is_none_is_refused(self, Session, name):
        """The types of values are a few."""
        with pytest.raises(OperandError):
            Session & {name: 1}


def _quoted(name):
    import json

    return json.dumps(name)


class TestInAProjection:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("meta.rig.name", ["a", "b", None, None, None]),
            ("meta.rig", [None, None, None, None, None]),
            ("meta.rig.rooms[0]", ["x", None, None, None, None]),
            ("meta.rig.name:varchar(10)", ["a", "b", None, None, None]),
            ('meta."full name":char(3)', ["ann", None, None, None, None]),
            ("meta.n", ["3", "3", "-15.0", None, None]),
            ("meta.n:int", [3, 3, -15, None, None]),
            ("meta.n:float", [3.0, 3.0, -15.0, None, None]),
            ("meta.n:decimal(5,2)", [Decimal("3.00"), Decimal("3.00"), Decimal("-15.00"), None, None]),
            ("meta.price:float64", [1.5, None, None, None, None]),
            ("meta.price:decimal(4,1)", [Decimal("1.5"), None, None, None, None]),
            ("meta.yes:bool", [True, False, True, None, None]),
            ("meta.day:date", [date(2024, 2, 29), None, None, None, None]),
            ("meta.at:datetime", [datetime(2024, 2, 29, 10, 11, 12), None, None, None, None]),
            ("meta.span:time", [timedelta(hours=10, minutes=11, seconds=12), None, None, None, None]),
            ("meta.list:json", [[1, {"deep": "é"}], [], None, None, None]),
            (
                "meta.rig:json",
                [{"name": "a", "rooms": ["x", "y"]}, {"name": "b", "rooms": []}, {"name": None}, None, None],
            ),
        ],
    )
    def test_gives_the_value_of_the_type(self, Session, path, expected):
        """`proj(x="meta.path:type")` is the value there, as a Python value of that type."""
        rows = Session.proj(x=path).to_dicts(order_by="session_id")

        assert [row["x"] for row in rows] == expected
        assert [type(row["x"]) for row in rows] == [type(value) for value in expected]

    def test_is_an_attribute_like_others(self, Session):
        """It can be restricted, renamed and aggregated."""
        rooms = Session.proj(room="meta.rig.name", n="meta.n:int")

        assert ids(rooms & {"room": "a"}) == [1]
        assert ids(rooms & "n > 0") == [1, 2]
        assert ids(rooms.proj(x="n") & {"x": -15}) == [3]
        assert ids(Session.proj(rig="meta.rig:json") & {"rig.name": "a"}) == [1]
        assert dj.U().aggr(rooms, most="max(n)").to_dicts() == [{"most": 3}]


class TestElsewhere:
    def test_through_a_join(self, Session, Trial):
        """A path means the attribute, wherever its value comes from."""
        joined = Session * Trial

        assert [(row["session_id"], row["trial"]) for row in (joined & {"meta.n": 3, "more.n": 1}).to_dicts()] == [
            (1, 1),
            (2, 1),
        ]
        assert ids(Session & (Trial & {"more.n": 2})) == [1]

    def test_of_a_renamed_attribute(self, Session):
        """A path begins with the name that the attribute has now."""
        renamed = Session.proj(m="meta")

        assert ids(renamed & {"m.rig.name": "a"}) == [1]
        assert ids(renamed & {"meta.rig.name": "a"}) == [1, 2, 3, 4, 5]
        assert renamed.proj(x="m.n:int").to_dicts(order_by="session_id")[2] == {"session_id": 3, "x": -15}

    def test_of_an_aggregate_and_a_union(self, Session, Trial):
        """Conditions on paths stay with the rows that they are about."""
        counted = Session.aggr(Trial, "meta", trials="count(*)")

        assert ids(counted & {"meta.rig.name": "a"}) == [1]
        both = (Session & "session_id < 2") + (Session & "session_id > 1")
        assert ids(both & {"meta.n:int": 3}) == [1, 2]

    def test_as_a_text_alone(self, Session):
        """A path alone is a condition where it is true."""
        assert ids(Session & "meta.yes:bool") == [1, 3]

    def test_among_other_sql_is_refused_with_the_way_to_write_it(self, Session, statements):
        """Within SQL, the arrow leads to a value; the last name of a path is no attribute."""
        with pytest.raises(QuerySyntaxError, match="path") as caught:
            Session & "meta.n > 2"

        assert "meta->>'$.n'" in caught.value.remedy
        assert not statements
        assert ids(Session & "meta->>'$.n' > 2") == [1, 2]

    def test_deleting_by_a_path(self, Session, Trial):
        """What a path finds is what goes."""
        assert (Trial & {"more.n": 2}).delete_plan().counts == {"Trial": 1}
        assert (Session & {"meta.rig.name": "a"}).delete_plan().counts == {"Session": 1, "Trial": 2}
