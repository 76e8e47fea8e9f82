"""What is written is what DataJoint 2.x writes, and what a SQLite file holds."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

import djnb as dj
from djnb.backends.columns import TableRows
from djnb.errors import DuplicateError, IntegrityError
from djnb.model.naming import TableName
from tests import servers
from tests.conftest import SCHEMA_PREFIX

MAIN, OTHER = SCHEMA_PREFIX + "layout", SCHEMA_PREFIX + "layout_other"

# As DataJoint 2.3.5 lays the tables of `declare_pipeline` out: the table's comment, its columns with their comments,
# keys and indexes, foreign keys by their numbers, and its rows of ~lineage.
LAYOUT = {
    "main.#setting": [
        "# one row",
        "value int = 1 # :int32:v",
        "_singleton tinyint = 1 # :bool:singleton primary key",
        "PRIMARY KEY (_singleton)",
        "_singleton <- main.#setting._singleton",
    ],
    "main.#species": [
        "# ",
        "species varchar(32) # :varchar(32):Latin name",
        "PRIMARY KEY (species)",
        "species <- main.#species.species",
    ],
    "main.grand": [
        "# ",
        "nn int unsigned # numbered",
        "k varchar(8)",
        "a int # the id",
        "b int # the id",
        "PRIMARY KEY (nn, k)",
        "UNIQUE (nn)",
        "INDEX (a, b)",
        "INDEX (b, a)",
        "1: (nn, k) -> main.of_native (n, k)",
        "2: (a, b) -> main.pair (subject_id, other)",
        "a <- main.subject.subject_id",
        "b <- main.subject.subject_id",
        "k <- main.of_native.k",
        "nn <- main.native.a",
    ],
    "main.native": [
        "# ",
        "a int unsigned numbered # numbered",
        "b tinyint unsigned",
        "c smallint = 7",
        "d mediumint",
        "e bigint unsigned",
        "f double",
        "g float unsigned",
        "h timestamp",
        "i timestamp = current_timestamp # at",
        "j time",
        "k year",
        "l text",
        "m mediumtext",
        "n decimal(5,1)",
        "o decimal(6,3) unsigned",
        "p int",
        "q int",
        "r decimal(10,0)",
        "PRIMARY KEY (a)",
        "a <- main.native.a",
    ],
    "main.of_native": [
        "# ",
        "n int unsigned # numbered",
        "k varchar(8) # :varchar(8):",
        "w binary(16) # :uuid:the u",
        "PRIMARY KEY (n, k)",
        "INDEX (w)",
        "1: (n) -> main.native (a)",
        "2: (w) -> main.uuids (u)",
        "k <- main.of_native.k",
        "n <- main.native.a",
        "w <- main.uuids.u",
    ],
    "main.of_uuid": [
        "# ",
        "u binary(16) # :uuid:the u",
        "a tinyint",
        "b smallint # small",
        "c bigint",
        "d char(4)",
        "e decimal(8,2) # price",
        "f datetime(3)",
        "PRIMARY KEY (u, a, b, c, d, e, f)",
        "INDEX (a, b, c, d, e, f)",
        "1: (u) -> main.uuids (u)",
        "2: (a, b, c, d, e, f) -> main.types (a, b, c, d, e, f)",
        "a <- main.types.a",
        "b <- main.types.b",
        "c <- main.types.c",
        "d <- main.types.d",
        "e <- main.types.e",
        "f <- main.types.f",
        "u <- main.uuids.u",
    ],
    "main.pair": [
        "# ",
        "subject_id int # the id",
        "other int # the id",
        "third int null # the id",
        "PRIMARY KEY (subject_id, other)",
        "INDEX (other)",
        "INDEX (third)",
        "1: (subject_id) -> main.subject (subject_id)",
        "2: (other) -> main.subject (subject_id)",
        "3: (third) -> main.subject (subject_id)",
        "other <- main.subject.subject_id",
        "subject_id <- main.subject.subject_id",
        "third <- main.subject.subject_id",
    ],
    "main.session": [
        "# ",
        "subject_id int # the id",
        "session smallint # :int16:number",
        "species varchar(32) # Latin name",
        "home varchar(24) null # short name",
        "started datetime # :datetime:",
        "PRIMARY KEY (subject_id, session)",
        "UNIQUE (home)",
        "UNIQUE (species)",
        "UNIQUE (started)",
        "INDEX (session, started)",
        "1: (subject_id) -> main.subject (subject_id)",
        "2: (species) -> main.#species (species)",
        "3: (home) -> other.#lab (lab)",
        "home <- other.#lab.lab",
        "session <- main.session.session",
        "species <- main.#species.species",
        "subject_id <- main.subject.subject_id",
    ],
    "main.subject": [
        "# animals, 'all' of them",
        "subject_id int # :int32:the id",
        "species varchar(32) # Latin name",
        "lab varchar(24) null # short name",
        "sex enum('M','F','U') = U # :enum('M', 'F', 'U'):sex",
        "weight double null # :float64:g",
        "born date # :date:",
        "is_wild tinyint = 0 # :bool:",
        "tag binary(16) null # :uuid:chip",
        "note varchar(255) =  # :varchar(255):",
        "PRIMARY KEY (subject_id)",
        "INDEX (lab)",
        "INDEX (species)",
        "1: (species) -> main.#species (species)",
        "2: (lab) -> other.#lab (lab)",
        "lab <- other.#lab.lab",
        "species <- main.#species.species",
        "subject_id <- main.subject.subject_id",
    ],
    "main.types": [
        "# ",
        "a tinyint # :int8:",
        "b smallint # :int16:small",
        "c bigint # :int64:",
        "d char(4) # :char(4):",
        "e decimal(8,2) # :decimal(8,2):price",
        "f datetime(3) # :datetime(3):",
        "g float # :float32:",
        "h tinyint # :bool:",
        "i longtext # :json:",
        "j longblob # :bytes:",
        "k date # :date:",
        "l datetime # :datetime:when",
        "m varchar(7) # :varchar(7):",
        "n longblob null # :<blob>:data",
        "o enum('a','b') # :enum('a','b'):",
        "p datetime(3) = current_timestamp(3) # :datetime(3):",
        "q decimal(4,2) = 1.50 # :decimal(4,2):",
        "r int = 3 # :int32:",
        "s date = 2020-01-01 # :date:",
        "PRIMARY KEY (a, b, c, d, e, f)",
        "a <- main.types.a",
        "b <- main.types.b",
        "c <- main.types.c",
        "d <- main.types.d",
        "e <- main.types.e",
        "f <- main.types.f",
    ],
    "main.uuids": [
        "# ",
        "u binary(16) # :uuid:the u",
        "PRIMARY KEY (u)",
        "u <- main.uuids.u",
    ],
    "main._raw": [
        "# raw data",
        "subject_id int # the id",
        "session smallint # number",
        "data longblob # :<blob>:",
        "PRIMARY KEY (subject_id, session)",
        "1: (subject_id, session) -> main.session (subject_id, session)",
        "session <- main.session.session",
        "subject_id <- main.subject.subject_id",
    ],
    "main._raw__channel": [
        "# ",
        "subject_id int # the id",
        "session smallint # number",
        "channel tinyint # :int8:",
        "x float # :float32:V",
        "PRIMARY KEY (subject_id, session, channel)",
        "1: (subject_id, session) -> main._raw (subject_id, session)",
        "channel <- main._raw__channel.channel",
        "session <- main.session.session",
        "subject_id <- main.subject.subject_id",
    ],
    "main.__spike": [
        "# ",
        "subject_id int # the id",
        "session smallint # number",
        "channel tinyint",
        "n bigint # :int64:",
        "PRIMARY KEY (subject_id, session, channel)",
        "1: (subject_id, session, channel) -> main._raw__channel (subject_id, session, channel)",
        "2: (subject_id, session) -> main.session (subject_id, session)",
        "channel <- main._raw__channel.channel",
        "session <- main.session.session",
        "subject_id <- main.subject.subject_id",
    ],
    "main.__spike_sort2_d": [
        "# ",
        "subject_id int # the id",
        "session smallint # number",
        "channel tinyint",
        "PRIMARY KEY (subject_id, session, channel)",
        "1: (subject_id, session, channel) -> main.__spike (subject_id, session, channel)",
        "channel <- main._raw__channel.channel",
        "session <- main.session.session",
        "subject_id <- main.subject.subject_id",
    ],
    "main.__spike_sort2_d__e_e_g_unit": [
        "# ",
        "subject_id int # the id",
        "session smallint # number",
        "channel tinyint",
        "species varchar(32) # Latin name",
        "PRIMARY KEY (subject_id, session, channel, species)",
        "INDEX (species)",
        "1: (subject_id, session, channel) -> main.__spike_sort2_d (subject_id, session, channel)",
        "2: (species) -> main.#species (species)",
        "channel <- main._raw__channel.channel",
        "session <- main.session.session",
        "species <- main.#species.species",
        "subject_id <- main.subject.subject_id",
    ],
    "other.#lab": [
        "# labs of the institute",
        "lab varchar(24) # :varchar(24):short name",
        'city varchar(32) = München # :varchar(32):where: the "city", or town\'s name',
        "PRIMARY KEY (lab)",
        "lab <- other.#lab.lab",
    ],
}


def declare_pipeline(schema, other):
    """Declare tables that use everything a definition can say, in two schemas."""

    @other
    class Lab(dj.Lookup):
        definition = """
        # labs of the institute
        lab : varchar(24)   # short name
        ---
        city = 'München' : varchar(32)  # where: the "city", or town's name
        """

    @schema
    class Species(dj.Lookup):
        definition = """
        species : varchar(32) # Latin name
        """
        contents = (("mouse",), ("rat",))

    @schema
    class Subject(dj.Manual):
        definition = """
        # animals, 'all' of them
        subject_id : int32  # the id
        ---
        -> Species
        -> [nullable] Lab
        sex = 'U' : enum('M', 'F', 'U')  # sex
        weight = null : float64  # g
        born : date
        is_wild = 0 : bool
        tag = null : uuid # chip
        note = "" : varchar(255)
        """

    @schema
    class Types(dj.Manual):
        definition = """
        a : int8
        b : int16 # small
        c : int64
        d : char(4)
        e : decimal(8,2) # price
        f : datetime(3)
        ---
        g : float32
        h : bool
        i : json
        j : bytes
        k : date
        l : datetime # when
        m : varchar(7)
        n = null : <blob> # data
        o : enum('a','b')
        p = CURRENT_TIMESTAMP : datetime(3)
        q = 1.5 : decimal(4,2)
        r = 3 : int32
        s = '2020-01-01' : date
        """

    @schema
    class Native(dj.Manual):
        definition = """
        a : int unsigned auto_increment  # numbered
        ---
        b : tinyint unsigned
        c = 7 : smallint
        d : mediumint
        e : bigint unsigned
        f : double
        g : float unsigned
        h : timestamp
        i = CURRENT_TIMESTAMP : timestamp # at
        j : time
        k : year
        l : text
        m : mediumtext
        n : numeric(5,1)
        o : decimal(6,3) unsigned
        p : int(11)
        q : integer
        r : decimal
        """

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int16   # number
        ---
        -> [unique] Species
        -> [nullable, unique] Lab.proj(home='lab')
        started : datetime
        unique index (started)
        index (session, started)
        """

    @schema
    class Pair(dj.Manual):
        definition = """
        -> Subject
        -> Subject.proj(other='subject_id')
        ---
        -> [nullable] Subject.proj(third='subject_id')
        """

    @schema
    class Raw(dj.Imported):
        definition = """
        # raw data
        -> Session
        ---
        data : <blob>
        """

        class Channel(dj.Part):
            definition = """
            -> master
            channel : int8
            ---
            x : float32 # V
            """

    @schema
    class Spike(dj.Computed):
        definition = """
        -> Raw.Channel
        -> Session
        ---
        n : int64
        """

    @schema
    class Uuids(dj.Manual):
        definition = """
        u : uuid # the u
        """

    @schema
    class OfUuid(dj.Manual):
        definition = """
        -> Uuids
        -> Types
        """

    @schema
    class OfNative(dj.Manual):
        definition = """
        -> Native.proj(n='a')
        k : varchar(8)
        ---
        -> Uuids.proj(w='u')
        """

    @schema
    class Setting(dj.Lookup):
        definition = """
        # one row
        ---
        value = 1 : int32 # v
        """

    @schema
    class Grand(dj.Manual):
        definition = """
        -> OfNative.proj(nn='n')
        ---
        -> Pair.proj(a='subject_id', b='other')
        index(b, a)
        unique index(nn)
        """

    @schema
    class SpikeSort2D(dj.Computed):
        definition = """
        -> Spike
        """

        class EEGUnit(dj.Part):
            definition = """
            -> master
            -> Species
            """

    return {name: value for name, value in locals().items() if name not in ("schema", "other")}


COLUMNS = """
SELECT column_name, column_type, is_nullable, column_default, extra, column_comment
  FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
INDEXES = """
SELECT index_name, column_name, non_unique
  FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s ORDER BY index_name, seq_in_index
"""
REFERENCES = """
SELECT constraint_name, column_name, referenced_table_schema, referenced_table_name, referenced_column_name
  FROM information_schema.key_column_usage
 WHERE table_schema = %s AND table_name = %s AND referenced_table_name IS NOT NULL
 ORDER BY constraint_name, ordinal_position
"""
RULES = """
SELECT DISTINCT update_rule, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = %s
"""


def column_line(name, kind, nullable, default, extra, comment):
    """Return what is said of a column, as all servers say it."""
    kind = re.sub(r"\b(\w*int|year)\(\d+\)", r"\1", kind)  # display widths, which MySQL 8 no longer shows
    kind = "longtext" if kind == "json" else kind  # what MariaDB makes of it
    parts = [name, kind]
    if nullable == "YES":
        parts.append("null")
    if "auto_increment" in extra:
        parts.append("numbered")
    if default not in (None, "NULL"):
        if default.lower().startswith("current_timestamp"):
            default = default.lower().replace("()", "")
        parts.append("= " + default.strip("'"))  # MariaDB shows defaults as SQL, MySQL as text
    return " ".join(parts) + (f" # {comment}" if comment else "")


class Server:
    """A server's own account of what it holds, in the words of ``LAYOUT``."""

    def __init__(self, url):
        self.url = url

    def ask(self, statement, *arguments):
        return servers.run_statement(self.url, statement, arguments)

    def tables(self):
        found = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN (%s, %s)"
        return {f"{self.short(schema)}.{table}" for schema, table in self.ask(found, MAIN, OTHER) if table[0] != "~"}

    def short(self, schema):
        return {MAIN: "main", OTHER: "other"}[schema]

    def layout(self, name):
        short, _, table = name.partition(".")
        schema = {"main": MAIN, "other": OTHER}[short]
        comment = "SELECT table_comment FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
        lines = ["# " + self.ask(comment, schema, table)[0][0]]
        lines += [column_line(*row) for row in self.ask(COLUMNS, schema, table)]
        return lines + self.indexes(schema, table) + self.references(schema, table) + self.lineage(schema, table)

    def indexes(self, schema, table):
        found = {}
        for index, column, non_unique in self.ask(INDEXES, schema, table):
            kind = "PRIMARY KEY" if index == "PRIMARY" else "INDEX" if int(non_unique) else "UNIQUE"
            found.setdefault((kind, index), []).append(column)
        listed = [(kind, columns) for (kind, _), columns in found.items()]
        ranks = ["PRIMARY KEY", "UNIQUE", "INDEX"]
        listed.sort(key=lambda index: (ranks.index(index[0]), index[1]))
        return [f"{kind} ({', '.join(columns)})" for kind, columns in listed]

    def references(self, schema, table):
        found = {}
        for constraint, own, parent_schema, parent, there in self.ask(REFERENCES, schema, table):
            number = constraint.rpartition("_")[2]
            found.setdefault((number, f"{self.short(parent_schema)}.{parent}"), []).append((own, there))
        return [
            f"{number}: ({', '.join(own for own, _ in pairs)}) -> {parent} ({', '.join(there for _, there in pairs)})"
            for (number, parent), pairs in found.items()
        ]

    def lineage(self, schema, table):
        rows = self.ask(
            f"SELECT attribute_name, lineage FROM `{schema}`.`~lineage` WHERE table_name = %s ORDER BY 1", table
        )
        return [f"{name} <- {self.short(origin.partition('.')[0])}.{origin.partition('.')[2]}" for name, origin in rows]


@pytest.fixture(scope="module")
def server(mysql_url):
    """Give a server on which the tables have been declared."""
    with dj.Connection(mysql_url) as connection:
        declare_pipeline(dj.Schema(MAIN, connection=connection), dj.Schema(OTHER, connection=connection))
    yield Server(mysql_url)
    for name in (MAIN, OTHER):
        servers.run_statement(mysql_url, f"DROP DATABASE IF EXISTS `{name}`")


@pytest.mark.mysql
class TestServer:
    def test_the_same_tables_are_there(self, server):
        """Names with their prefixes, as DataJoint makes them of the classes."""
        assert set(LAYOUT) == server.tables()

    @pytest.mark.parametrize("table", LAYOUT)
    def test_table_is_laid_out_as_datajoint_lays_it_out(self, server, table):
        """Columns, types, defaults, comments with recorded types, keys, foreign keys and lineage are the same."""
        assert LAYOUT[table] == server.layout(table)

    def test_foreign_keys_follow_changed_keys_and_hold_parents(self, server):
        """A changed key changes in the children; a parent with children cannot be deleted."""
        rules = {("CASCADE", delete) for _, delete in server.ask(RULES, MAIN)}

        assert rules == set(server.ask(RULES, MAIN))
        assert rules <= {("CASCADE", "RESTRICT"), ("CASCADE", "NO ACTION")}

    def test_lineage_table_is_laid_out_as_datajoint_lays_it_out(self, server):
        """DataJoint 2.x finds in ``~lineage`` what it looks for."""
        assert [
            "table_name varchar(64) # table name within the schema",
            "attribute_name varchar(64) # attribute name",
            "lineage varchar(255) # origin: schema.table.attribute",
        ] == [column_line(*row) for row in server.ask(COLUMNS, MAIN, "~lineage")]
        assert ["PRIMARY KEY (table_name, attribute_name)"] == server.indexes(MAIN, "~lineage")

    def test_new_schema_holds_any_text_and_compares_it_byte_by_byte(self, server):
        """A database that djnb creates does not depend on the server's default characters."""
        found = server.ask(
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata "
            "WHERE schema_name = %s",
            MAIN,
        )

        assert [("utf8mb4", "utf8mb4_bin")] == found

    def test_schema_of_another_making_takes_any_text(self, mysql_url, server):
        """In a database of other characters, new tables hold any; a foreign key's text has those of its parent."""
        name = SCHEMA_PREFIX + "layout_latin"
        server.ask(f"CREATE DATABASE `{name}` CHARACTER SET latin1")
        server.ask(f"CREATE TABLE `{name}`.`old` (old varchar(8) PRIMARY KEY) ENGINE=InnoDB")
        try:
            with dj.Connection(mysql_url) as connection:
                latin, main = dj.Schema(name, connection=connection), dj.Schema(MAIN, connection=connection)
                Species = main(type("Species", (dj.Lookup,), {"definition": "species : varchar(32)"}))
                Old = latin(type("Old", (dj.Manual,), {"definition": "old : varchar(8)"}))
                latin(
                    type("Both", (dj.Manual,), {"definition": "-> Species\n-> Old\n---\nnote : varchar(8)"}),
                    context={"Species": Species, "Old": Old},
                )
            found = server.ask(
                "SELECT column_name, character_set_name FROM information_schema.columns "
                "WHERE table_schema = %s AND table_name = 'both' ORDER BY ordinal_position",
                name,
            )
        finally:
            server.ask(f"DROP DATABASE `{name}`")

        assert [("species", "utf8mb4"), ("old", "latin1"), ("note", "utf8mb4")] == found


class TestWhatIsReadBack:
    @pytest.fixture
    def pipeline(self, connection, database_url):
        """Give both schemas as another program finds them."""
        declare_pipeline(dj.Schema(MAIN, connection=connection), dj.Schema(OTHER, connection=connection))
        with dj.Connection(database_url) as other:
            yield other.catalogue
        connection.drop_schema(MAIN)  # a server drops no database that another one refers to

    def test_heading_reads_like_the_definition(self, pipeline):
        """Types of foreign keys are those of their origins, on every backend."""
        assert str(pipeline.heading(TableName(MAIN, "subject"))).split("\n") == [
            "subject_id : int32              # the id",
            "---",
            "species : varchar(32)           # Latin name",
            "lab = null : varchar(24)        # short name",
            "sex = \"U\" : enum('M', 'F', 'U') # sex",
            "weight = null : float64         # g",
            "born : date",
            'is_wild = "0" : bool',
            "tag = null : uuid               # chip",
            'note = "" : varchar(255)',
        ]

    def test_types_follow_foreign_keys_through_names_and_schemas(self, pipeline):
        """An attribute that came by two renamings is of its origin's type."""
        grand = pipeline.heading(TableName(MAIN, "grand"))

        assert [
            ("nn", "int unsigned", f"{MAIN}.native.a"),
            ("k", "varchar(8)", f"{MAIN}.of_native.k"),
            ("a", "int32", f"{MAIN}.subject.subject_id"),
            ("b", "int32", f"{MAIN}.subject.subject_id"),
        ] == [(a.name, a.type.text, a.lineage) for a in grand.visible]

    def test_all_foreign_keys_are_known_in_one_statement(self, pipeline):
        """Whatever depends on a table is found, in whichever schema."""
        dependencies = pipeline.dependencies()

        lab = TableName(OTHER, "#lab")
        assert {(TableName(MAIN, "subject"), (("lab", "lab"),)), (TableName(MAIN, "session"), (("home", "lab"),))} == {
            (key.child, key.attributes) for key in dependencies.children(lab)
        }
        assert {"grand", "__spike_sort2_d__e_e_g_unit"} <= {name.table for name in dependencies.descendants(lab)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestFile:
    @pytest.fixture
    def tables(self, connection):
        return declare_pipeline(dj.Schema(MAIN, connection=connection), dj.Schema(OTHER, connection=connection))

    @pytest.fixture
    def ask(self, database_url, tables):
        """Ask the file itself, without djnb."""
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            yield lambda sql, *arguments: file.execute(sql, arguments).fetchall()

    def fill(self, tables):
        tables["Lab"].insert1({"lab": "a"})
        tables["Subject"].insert1({"subject_id": 1, "species": "mouse", "lab": "a", "born": "2020-01-01"})
        tables["Session"].insert1(
            {"subject_id": 1, "session": 1, "species": "rat", "home": "a", "started": "2020-01-01"}
        )

    def test_file_is_whole(self, tables, ask):
        """SQLite finds no fault with a file that was declared and filled."""
        self.fill(tables)

        assert ([], [("ok",)]) == (ask("PRAGMA foreign_key_check"), ask("PRAGMA integrity_check"))

    def test_foreign_keys_are_enforced_across_schemas(self, tables, ask):
        """A row of one schema cannot point at a missing row of another, and what is pointed at stays."""
        self.fill(tables)

        with pytest.raises(IntegrityError):
            tables["Subject"].insert1({"subject_id": 2, "species": "mouse", "lab": "b", "born": "2020-01-01"})
        assert [(f"{OTHER}.#lab", "lab", "CASCADE", "RESTRICT")] == ask(
            'SELECT "table", "from", on_update, on_delete FROM pragma_foreign_key_list(?) WHERE "from" = \'lab\'',
            f"{MAIN}.subject",
        )

    def test_every_foreign_key_and_index_is_served_by_an_index(self, ask):
        """Foreign keys that begin the primary key need none of their own; unique ones are unique."""
        found = {}
        for index, is_unique, column in ask(
            'SELECT l.name, l."unique", i.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i '
            "WHERE l.origin = 'c' ORDER BY l.name, i.seqno",
            f"{MAIN}.session",
        ):
            found.setdefault((index, is_unique), []).append(column)

        assert sorted(
            [(1, ["species"]), (1, ["home"]), (1, ["started"]), (0, ["session", "started"])], key=repr
        ) == sorted([(is_unique, columns) for (_, is_unique), columns in found.items()], key=repr)

    def test_unique_index_is_enforced(self, tables):
        """Two sessions cannot start at once."""
        self.fill(tables)

        with pytest.raises(DuplicateError):
            tables["Session"].insert1(
                {"subject_id": 1, "session": 2, "species": "mouse", "home": None, "started": "2020-01-01"}
            )

    def test_comments_are_kept_with_every_type(self, ask):
        """The file says what it holds, in the form of a server's column comments."""
        assert {
            "": "animals, 'all' of them",
            "subject_id": ":int32:the id",
            "species": ":varchar(32):Latin name",
            "lab": ":varchar(24):short name",
            "sex": ":enum('M', 'F', 'U'):sex",
            "weight": ":float64:g",
            "born": ":date:",
            "is_wild": ":bool:",
            "tag": ":uuid:chip",
            "note": ":varchar(255):",
        } == dict(ask('SELECT attribute, comment FROM "~comments" WHERE "table" = ?', f"{MAIN}.subject"))

    def test_lineage_is_what_a_server_has(self, ask):
        """The rows of ``~lineage`` are the same on every database."""
        expected = {
            (name.partition(".")[2], *line.replace("main.", f"{MAIN}.").replace("other.", f"{OTHER}.").split(" <- "))
            for name, lines in LAYOUT.items()
            for line in lines
            if " <- " in line
        }

        assert expected == {row for name in (MAIN, OTHER) for row in ask(f'SELECT * FROM "{name}.~lineage"')}

    def test_enum_is_guarded_by_the_file(self, tables, database_url):
        """Another program cannot write a value that is none."""
        self.fill(tables)

        with (
            closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file,
            pytest.raises(sqlite3.IntegrityError, match="CHECK"),
        ):
            file.execute(f"UPDATE \"{MAIN}.subject\" SET sex = 'X'")


class TestForeignIndexes:
    """Indexes that a definition cannot say: over expressions, or over some of the rows."""

    def test_of_a_file_are_passed_over_and_survive_altering(self, tmp_path):
        """The table is read and described without them; when it is altered, they are there again, and hold."""
        path = tmp_path / "lab.db"
        with dj.connect(f"sqlite:///{path}") as connection:
            cls = type("Mouse", (dj.Manual,), {"definition": "mouse : int32\n---\nname : varchar(9)\nindex(name)"})
            Mouse = dj.Schema("lab", connection=connection)(cls)
            Mouse.insert([(1, "a"), (2, "b")])
            with closing(sqlite3.connect(path)) as file:
                file.execute('CREATE UNIQUE INDEX by_letters ON "lab.mouse" (upper(name))')
                file.execute('CREATE UNIQUE INDEX by_some ON "lab.mouse" (name) WHERE mouse > 5')
            connection.catalogue.forget("lab")

            assert Mouse.describe() == "mouse : int32\n---\nname : varchar(9)\nindex(name)"
            assert not Mouse.alter_plan()
            Mouse.definition += "\nx = 1 : int32"
            Mouse.alter()
            with pytest.raises(DuplicateError):
                Mouse.insert1((3, "A", 0))

        with closing(sqlite3.connect(path)) as file:
            found = file.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'by%'").fetchall()
        assert {("by_letters",), ("by_some",)} == set(found)

    def test_of_a_server_have_no_column(self):
        """MySQL 8 says NULL in place of an expression's column; the index is passed over, the others stay."""
        rows = TableRows(indexes={"e": (True, ["a", None]), "f": (False, ["a"])})

        assert ["f"] == [index.name for index in rows.spec(TableName("lab", "mouse")).indexes]
