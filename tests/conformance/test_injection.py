"""Whatever stands where a value or a name can be given, only the intended rows are meant, and nothing changes."""

from __future__ import annotations

import contextlib

import pandas as pd
import pytest

import djnb as dj
from djnb.errors import DataJointError
from djnb.sql.statement import Statement

ATTEMPTS = [
    "' OR '1'='1",
    '" OR "1"="1',
    "` OR `1`=`1",
    "' OR 1=1 -- ",
    "' OR 1=1 #",
    "\\' OR 1=1 -- ",
    "'/**/OR/**/1=1/*",
    "1 OR 1=1",
    "1) OR (1=1",
    "'; DROP TABLE victim; --",
    "1; DELETE FROM victim",
    "' UNION SELECT 1, 'x', 'x' -- ",
    "%s",
    "%(name)s",
    "%",
    "{}",
    "{0.__class__}",
    "?",
    ":name",
    "$1",
    "*/ OR 1=1 /*",
    "\x00' OR 1=1 --",
    "\u02bc OR 1=1",
    "¿' OR 1=1",
    "\ue0000\ue001",
    "a\nb: varchar(9)",
]


@pytest.fixture
def Victim(schema):
    """Two rows that must stay as they are."""

    @schema
    class Victim(dj.Manual):
        definition = """
        id : int32
        ---
        name = null : varchar(60)
        meta = null : json
        """

    Victim.insert([(1, "one", {"a": "x"}), (2, "two", None)])
    return Victim


@pytest.fixture
def unchanged(connection, schema, Victim):
    """Compare all tables, with their rows, before and after."""

    def everything():
        if connection.dialect.sqlglot_name == "sqlite":
            listed = connection.execute(Statement("SELECT type, name, sql FROM sqlite_master ORDER BY name")).rows
        else:
            asked = (
                "SELECT table_name, column_name, column_type, column_comment FROM information_schema.columns "
                f"WHERE table_schema = '{schema.name}' ORDER BY table_name, ordinal_position"
            )
            listed = connection.execute(Statement(asked)).rows
        return [tuple(row) for row in listed], Victim.to_dicts()

    before = everything()
    yield
    assert everything() == before


def ids(query):
    """Return the keys of the rows; an error of the package's own stands for none."""
    try:
        return [row["id"] for row in query().to_dicts()]
    except DataJointError:
        return []


@pytest.mark.parametrize("attempt", ATTEMPTS)
class TestAsAValue:
    def test_of_restrictions(self, Victim, attempt, unchanged):
        """A value is compared, in a dict, a list, a frame and a path, and finds no row that does not have it."""
        given = [
            {"name": attempt},
            {"id": attempt},
            [{"name": attempt}, {"name": attempt + "x"}],
            [{"id": 99, "name": attempt}],
            dj.AndList([{"name": attempt}]),
            pd.DataFrame({"name": [attempt]}),
            {"meta.a": attempt},
            {"meta.a:int": attempt},
            {"meta.a:char(9)": attempt},
        ]

        assert [[]] * len(given) == [ids(lambda operand=operand: Victim & operand) for operand in given]
        assert ids(lambda: Victim - {"name": attempt}) == [1, 2]
        assert ids(lambda: Victim & dj.Not([{"name": attempt}])) == [1, 2]

    def test_of_rows(self, connection, Victim, attempt, unchanged):
        """A value is stored and found as it was given."""
        with contextlib.suppress(ZeroDivisionError), connection.transaction():
            Victim.insert1({"id": 7, "name": attempt, "meta": {attempt: attempt}})
            assert (Victim & {"name": attempt}).fetch1("meta") == {attempt: attempt}
            Victim.update1({"id": 7, "name": attempt + "!"})
            assert ids(lambda: Victim & {"name": attempt + "!"}) == [7]
            raise ZeroDivisionError

    def test_within_a_text(self, Victim, attempt, unchanged):
        """A text that quotes a value in SQL's way has that value; one that does not is refused, or finds nothing."""
        quoted = attempt.replace("\\", "\\\\").replace("'", "''")

        assert ids(lambda: Victim & f"name = '{quoted}'") == []
        assert ids(lambda: Victim & f"name IN ('{quoted}', 'one')") in ([1], [])


@pytest.mark.parametrize("attempt", ATTEMPTS)
class TestAsAName:
    def test_of_attributes(self, Victim, attempt, unchanged):
        """Names are those of the heading; others are refused, or passed over in a dict."""
        assert ids(lambda: Victim & {"id": 1, attempt: 1}) == [1]
        assert ids(lambda: Victim & {"id": 1, f"meta.{attempt}": "x"}) == []
        assert ids(lambda: Victim & {"id": 1, f"meta.a:{attempt}": "x"}) == []
        for ask in (
            lambda: Victim.proj(attempt),
            lambda: Victim.proj(new=attempt).to_dicts(),
            lambda: Victim.to_dicts(order_by=attempt),
            lambda: Victim.to_dicts(order_by=f"{attempt} DESC"),
            lambda: Victim.fetch(attempt),
            lambda: (Victim & dj.Top(1, attempt)).to_dicts(),
            lambda: dj.U(attempt).aggr(Victim, n="count(*)").to_dicts(),
            lambda: Victim.insert1({"id": 7, attempt: 1}),
            lambda: Victim.update1({"id": 1, attempt: 1}),
        ):
            with contextlib.suppress(DataJointError):
                ask()

    def test_of_what_is_computed(self, Victim, attempt, unchanged):
        """A computed attribute may be called anything; its value is that of its expression."""
        with contextlib.suppress(DataJointError):
            rows = Victim.proj(**{attempt: "id + 1"}).to_dicts(order_by="id")
            assert rows == [{"id": 1, attempt: 2}, {"id": 2, attempt: 3}]
        with contextlib.suppress(DataJointError):
            assert dj.U().aggr(Victim, **{attempt: "count(*)"}).to_dicts() == [{attempt: 2}]

    def test_of_tables_and_schemas(self, connection, schema, attempt, unchanged):
        """Names of tables and schemas are quoted, so that they name what is not there."""
        for ask in (
            lambda: dj.FreeTable(connection, f"{schema.name}.{attempt}").to_dicts(),
            lambda: dj.FreeTable(connection, f"{attempt}.victim").to_dicts(),
        ):
            with pytest.raises(DataJointError):
                ask()
        for ask in (
            lambda: dj.Schema(attempt, connection=connection, create_schema=False).list_tables(),
            lambda: connection.drop_schema(attempt),
        ):
            with contextlib.suppress(DataJointError):
                ask()


@pytest.mark.parametrize("attempt", [attempt for attempt in ATTEMPTS if not set("\n\x00:") & set(attempt)])
def test_in_a_definition(schema, Victim, attempt):
    """Comments, defaults and enum values are texts: they are kept as they are, or the definition is refused."""
    before = Victim.to_dicts()
    quoted = attempt.replace("'", "''")

    @schema
    class Commented(dj.Manual):
        definition = f"""# {attempt}
        id : int32  # {attempt}
        """

    Commented.insert1((1,))
    assert attempt.strip() in str(Commented.heading["id"].comment)
    for definition in (
        f"id : int32\n---\nname = '{quoted}' : varchar(60)",
        f"id : int32\n---\nside : enum('{quoted}', 'b')",
    ):
        with contextlib.suppress(DataJointError):
            table = schema(type("Guarded", (dj.Manual,), {"definition": definition}))
            table.insert1({"id": 1} if "name" in definition else {"id": 1, "side": "b"})
            assert len(table & "id = 1") == 1
            table.drop_quick()
    assert Victim.to_dicts() == before
