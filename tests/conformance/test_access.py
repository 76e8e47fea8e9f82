"""Access: what a user may do where, and what is said when it is not enough. With real accounts of a real server."""

from __future__ import annotations

import re
import secrets

import pytest

import djnb as dj
from djnb.declaration.drop import NotesKeptWarning
from djnb.errors import AccessError, MissingSchemaError, MissingTableError
from djnb.events import StatementSent
from djnb.model.naming import TableName
from djnb.schemas.contents import ContentsWarning
from djnb.sql.statement import Statement
from tests.conformance.classes import make_table
from tests.conformance.pipelines import declare_lab, fill_lab
from tests.conformance.recordings import server_only


def pattern(name):
    """Return the name of a schema as GRANT wants it, where `_` is a wildcard otherwise."""
    return name.replace("_", r"\_")


@pytest.fixture
def lab(schema):
    """The lab's schema, declared and filled by somebody who may."""
    tables = declare_lab(schema)
    fill_lab(tables)
    return tables


@pytest.fixture
def account(database_url, mysql_url, mysql_admin):
    """Return a function that grants to an account of its own, `{user}` and `{prefix}` in a grant stand for it."""
    user = f"alice{secrets.token_hex(3)}"
    password = secrets.token_hex(8)
    prefix = f"user_{user}_"
    connections = []
    mysql_admin(f"CREATE USER '{user}'@'%' IDENTIFIED BY '{password}'")

    def connect(*grants):
        for grant in grants:
            mysql_admin(f"GRANT {grant} TO '{user}'@'%'")
        connection = dj.Connection(f"mysql://{user}:{password}@{mysql_url.rpartition('@')[2]}")
        connections.append(connection)
        return connection

    connect.user, connect.prefix = user, prefix
    connect.own = f"ALL PRIVILEGES ON `{pattern(prefix)}%`.*"
    yield connect
    for connection in connections:
        connection.close()
    mysql_admin(f"DROP USER '{user}'@'%'")
    for (name,) in mysql_admin("SHOW DATABASES LIKE %s", (pattern(prefix) + "%",)):
        mysql_admin(f"DROP DATABASE `{name}`")


@pytest.fixture
def remedy(mysql_admin):
    """Return a function that does what an error's remedy says the administrator can do."""

    def follow(error):
        statement = re.search(r"`(GRANT .*)`", error.remedy)
        mysql_admin(statement[1])
        return statement[1]

    return follow


@server_only
class TestOwnSchemas:
    def test_begin_with_the_prefix(self, account, schema, lab):
        """`user_<name>_*`: made, filled and dropped without anybody's help, with parents in the lab's schema."""
        connection = account(account.own, f"SELECT ON `{pattern(schema.name)}`.*")
        lab = dj.VirtualModule("lab", schema.name, connection=connection)
        own = dj.schema(f"{account.prefix}imaging", connection=connection)

        @own
        class Mine(dj.Computed):
            definition = """
            -> lab.Session
            ---
            value : float64
            """

            def make(self, key):
                self.insert1(dict(key, value=(lab.Session & key).fetch1("session")))

        Mine.populate()

        assert [1, 2, 1] == [row["value"] for row in Mine.to_dicts()]
        assert f"{schema.name}.subject.subject_id" == own.lineage[f"{own.name}.__mine.subject_id"]
        own.drop(prompt=False)
        assert not own.exists

    def test_other_names_are_refused(self, account, mysql_admin, remedy):
        """The message names the prefix that is one's own, and the statement that would help helps."""
        connection = account(account.own)
        other = f"djnb_test_{secrets.token_hex(3)}"

        with pytest.raises(AccessError, match=f"privilege CREATE is missing on the schema '{other}'") as caught:
            dj.Schema(other, connection=connection)
        assert f"`{account.prefix}…`" in caught.value.remedy
        assert ("CREATE", other, "") == (caught.value.privilege, caught.value.schema, caught.value.table)

        said = remedy(caught.value)
        try:
            with account() as allowed:
                assert dj.Schema(other, connection=allowed).exists
        finally:
            mysql_admin(f"DROP DATABASE IF EXISTS `{other}`")

        assert f"'{account.user}'@'%'" in said

    def test_grant_of_the_remedy_is_for_this_schema_alone(self, account, remedy):
        """An underscore is a wildcard in GRANT; the statement escapes it."""
        connection = account()
        with pytest.raises(AccessError) as caught:
            dj.Schema("djnb_test_one", connection=connection)
        remedy(caught.value)

        with account() as allowed, pytest.raises(AccessError):
            dj.Schema("djnb_testXone", connection=allowed)


@server_only
class TestRefusal:
    @pytest.mark.parametrize(
        ("privilege", "act"),
        [
            ("INSERT", lambda lab: lab.Subject.insert1((9, "mouse"))),
            ("DELETE", lambda lab: (lab.Session & {"session": 2}).delete(prompt=False)),
            ("DROP", lambda lab: lab.SpikeRate.drop(prompt=False)),
        ],
    )
    @pytest.mark.filterwarnings("ignore::djnb.declaration.drop.NotesKeptWarning")
    def test_names_privilege_place_and_grant(self, account, schema, lab, remedy, privilege, act):
        """What was refused, where, to whom; and with what the remedy says, it is not refused."""
        connection = account(f"SELECT ON `{pattern(schema.name)}`.*")
        seen = dj.VirtualModule("lab", schema.name, connection=connection)
        with pytest.raises(AccessError, match=f"privilege {privilege} is missing on the table") as caught:
            act(seen)
        assert (privilege, schema.name) == (caught.value.privilege, caught.value.schema)
        assert f"for '{account.user}'@'%'" in caught.value.message
        remedy(caught.value)

        followed = 1
        while followed < 5:
            with account() as allowed:
                try:
                    act(dj.VirtualModule("lab", schema.name, connection=allowed))
                    break
                except AccessError as error:  # it needs more than one privilege
                    remedy(error)
                    followed += 1
        assert followed < 5

    def test_foreign_key_that_is_refused_says_why(self, account, schema, lab, remedy, mysql_admin):
        """To see a parent's key is not enough; the remedy is, and there is a way without it."""
        connection = account(account.own, f"SELECT (subject_id) ON `{schema.name}`.`subject`")
        parent = dj.FreeTable(connection, f"{schema.name}.subject")
        own = dj.Schema(f"{account.prefix}a", connection=connection)

        with pytest.raises(AccessError, match=r"`Mine` cannot be declared.*The privilege REFERENCES") as caught:
            own(make_table("Mine", "-> parent"), context={"parent": parent})
        assert "in place of the foreign key" in caught.value.remedy
        assert [] == own.list_tables()
        remedy(caught.value)
        # MariaDB 10.11 goes on refusing while there is a grant for a single column beside that for the table.
        mysql_admin(f"REVOKE SELECT (subject_id) ON `{schema.name}`.`subject` FROM '{account.user}'@'%'")

        with account() as allowed:
            own = dj.Schema(own.name, connection=allowed)
            parent = dj.FreeTable(allowed, f"{schema.name}.subject")
            assert own(make_table("Mine", "-> parent"), context={"parent": parent}).is_declared

    def test_password_is_in_no_message(self, account, schema, lab):
        """Nor its hash, which the server shows among the grants."""
        connection = account(f"SELECT ON `{pattern(schema.name)}`.*")
        with pytest.raises(AccessError) as caught:
            dj.VirtualModule("lab", schema.name, connection=connection).Subject.insert1((9, "mouse"))

        assert "PASSWORD" not in str(caught.value) + repr(connection.privileges())

    def test_within_a_transaction_it_can_be_gone_on(self, account, schema, lab):
        """The refusal is an error like others; what came before is kept."""
        connection = account(f"SELECT, INSERT ON `{pattern(schema.name)}`.*")
        seen = dj.VirtualModule("lab", schema.name, connection=connection)
        with connection.transaction():
            seen.Subject.insert1((7, "rat"))
            with pytest.raises(AccessError):
                connection.execute(Statement(f"DELETE FROM {seen.Subject.full_table_name}"))

        assert 1 == len(lab["Subject"] & "subject_id = 7")


@server_only
class TestDropping:
    def test_does_not_need_the_notes(self, account, schema, lab, mysql_admin):
        """Who may drop a table and not delete elsewhere drops it; what is noted of it stays, with a warning."""
        connection = account(f"SELECT, DROP ON `{pattern(schema.name)}`.*")
        seen = dj.VirtualModule("lab", schema.name, connection=connection)

        with pytest.warns(NotesKeptWarning, match=r"`~lineage`.*the privilege DELETE is missing"):
            seen.SpikeRate.drop(prompt=False)

        assert "__spike_rate" not in seen.schema.list_tables()
        assert mysql_admin(f"SELECT 1 FROM `{schema.name}`.`~lineage` WHERE table_name = '__spike_rate'")

        schema.connection.catalogue.forget(schema.name)
        lab["SpikeRate"]().declare()
        assert lab["SpikeRate"].is_declared


@server_only
class TestReading:
    def test_select_is_enough_everywhere(self, account, schema, lab):
        """A module of the lab is imported and asked; nothing is written, and nothing is tried."""
        connection = account(f"SELECT ON `{pattern(schema.name)}`.*")
        sent = []
        with connection.bus.subscribed(lambda event: sent.append(event.sql), StatementSent):
            own = declare_lab(dj.Schema(schema.name, connection=connection))
            virtual = dj.VirtualModule("lab", schema.name, connection=connection)
            free = dj.FreeTable(connection, f"{schema.name}.session")
            counts = [len(own["Session"]), len(virtual.Session), len(free)]
            virtual.schema.lineage.preview()
            virtual.schema.progress()
            str(virtual.schema)

        assert [3, 3, 3] == counts
        assert {"SELECT"} == {sql.split()[0] for sql in sent}

    def test_contents_of_a_lookup_are_not_tried(self, account, schema, lab):
        """The class lists a row that the table lacks, and the user may not insert it: a warning says so."""
        connection = account(f"SELECT ON `{pattern(schema.name)}`.*")
        reader = dj.Schema(schema.name, connection=connection)
        Species = make_table("Species", "species : varchar(16)", dj.Lookup, contents=[("mouse",), ("rat",), ("bat",)])
        sent = []

        with (
            connection.bus.subscribed(lambda event: sent.append(event.sql), StatementSent),
            pytest.warns(ContentsWarning, match=r"1 more than its table holds.*INSERT is missing"),
        ):
            reader(Species)

        assert ["mouse", "rat"] == list(Species.to_arrays("species"))
        assert not [sql for sql in sent if sql.startswith(("INSERT", "BEGIN"))]

    def test_tables_that_may_not_be_seen_are_not_there(self, account, schema, lab):
        """One table of the lab is shared: it can be read, joined, and its lineage ends where the sight ends."""
        connection = account(f"SELECT ON `{schema.name}`.`session`")
        seen = dj.VirtualModule("lab", schema.name, connection=connection)

        assert ["session"] == seen.schema.list_tables()
        assert 3 == len(seen.Session)
        assert f"{schema.name}.subject.subject_id" == seen.Session.heading["subject_id"].lineage
        assert [f"`{schema.name}`.`subject`"] * 2 == seen.Session.parents()
        assert [] == seen.Session.children()
        assert not seen.schema.lineage_table_exists
        assert 3 == len(seen.schema.lineage)
        with pytest.raises(MissingTableError, match="or none that you may see"):
            len(dj.FreeTable(connection, f"{schema.name}.subject"))

    @pytest.mark.parametrize(
        ("privilege", "shown"),
        [
            ("SELECT (subject_id)", "subject_id"),  # the first of the key, so that nothing is missing before it
            ("SELECT (session)", "session"),
            ("SELECT (partner)", "partner"),
            ("SELECT (subject_id, partner)", "subject_id, partner"),
        ],
    )
    def test_table_whose_key_may_not_be_seen_is_refused(self, account, schema, lab, remedy, privilege, shown):
        """Its heading would name no row: whoever uses it is told, and what to ask for. Other tables can be used."""
        others = [table for table in schema.list_tables() if table != "session"]
        grants = [f"SELECT ON `{schema.name}`.`{table}`" for table in others]
        connection = account(*grants, f"{privilege} ON `{schema.name}`.`session`")
        virtual = dj.VirtualModule("lab", schema.name, connection=connection)
        own = declare_lab(dj.Schema(schema.name, connection=connection))["Session"]
        free = dj.FreeTable(connection, f"{schema.name}.session")

        uses = [
            lambda: virtual.Session.heading,
            lambda: virtual.Session.describe(),
            lambda: virtual.Session.preview(),
            lambda: virtual.Subject * virtual.Session,
            lambda: own.to_dicts(),
            lambda: own.insert1({"session": 1}),
            lambda: len(free),
            lambda: virtual.schema.code,
        ]
        for use in uses:
            with pytest.raises(AccessError, match=f"the columns {shown}, which.*SELECT is missing on the") as caught:
                use()
            assert ("SELECT", "session") == (caught.value.privilege, caught.value.table)

        assert 2 == len(virtual.Subject)
        assert 1 == len(virtual.Scan)
        assert "session" in virtual.schema.list_tables()
        assert "Session" in str(virtual.schema)
        assert ("Scan",) == virtual.schema.progress().unknown
        assert f"`{schema.name}`.`session`" in virtual.Scan.parents()
        assert virtual.Scan.describe()
        assert f"TO '{account.user}'@'%'" in remedy(caught.value)

        with account() as allowed:
            assert ["subject_id", "session"] == dj.FreeTable(allowed, f"{schema.name}.session").primary_key

    def test_other_columns_may_be_hidden(self, account, schema, lab):
        """A table whose key can be seen is used with what else can be seen."""
        connection = account(f"SELECT (subject_id, session) ON `{schema.name}`.`session`")
        session = dj.VirtualModule("lab", schema.name, connection=connection).Session

        assert ["subject_id", "session"] == session.heading.names
        assert 3 == len(session.keys())

    def test_schema_that_may_not_be_seen_is_not_there(self, account, schema, lab):
        """The message leaves open which of the two it is, as the server does."""
        connection = account()

        assert schema.name not in dj.list_schemas(connection)
        with pytest.raises(MissingSchemaError, match="or none that you may see"):
            dj.VirtualModule("lab", schema.name, connection=connection)


@server_only
class TestPrivileges:
    def test_are_told_for_a_schema(self, account, schema, lab):
        """For all its tables, and for each that differs."""
        connection = account(
            f"SELECT ON `{pattern(schema.name)}`.*",
            f"INSERT, UPDATE (species) ON `{schema.name}`.`subject`",
        )
        privileges = dj.Schema(schema.name, connection=connection).privileges()

        assert privileges.may("select")
        assert not privileges.may("insert")
        assert privileges.may("insert", "subject")
        assert not privileges.may("insert", "session")
        assert repr(privileges).splitlines() == [
            f"Privileges of '{account.user}'@'%' in {schema.name}: 6 tables",
            "*where        select  insert  update   delete  create  alter  drop  references",
            "------------  ------  ------  -------  ------  ------  -----  ----  ----------",
            "other tables  yes     -       -        -       -       -      -     yes",
            "subject       yes     yes     species  -       -       -      -     yes",
        ]
        assert "other tables" in privileges._repr_mimebundle_()["text/html"]

    def test_are_told_for_a_connection(self, account, schema):
        """With the prefix that is one's own."""
        connection = account(account.own, f"SELECT ON `{pattern(schema.name)}`.*")
        privileges = connection.privileges()

        assert [f"{account.prefix}%"] == privileges.creatable
        assert privileges.may("CREATE", f"{account.prefix}anything")
        assert not privileges.may("CREATE", account.prefix.replace("_", "x") + "anything")
        assert privileges.may("SELECT", schema.name, "whatever")
        assert f"{account.prefix}%" in repr(privileges)

    def test_most_exact_pattern_counts(self, account, mysql_admin):
        """As on the server: a narrower grant takes the place of a wider one."""
        connection = account(account.own, f"SELECT ON `{pattern(account.prefix)}shown`.*")
        mysql_admin(f"CREATE DATABASE `{account.prefix}shown`")
        shown = dj.Schema(f"{account.prefix}shown", connection=connection)

        assert not shown.privileges().may("CREATE")
        with pytest.raises(AccessError, match="The privilege CREATE is missing"):
            shown(make_table("A", "a : int32"))

    def test_of_a_role_count_while_it_is_in_use(self, account, schema, lab, mysql_admin):
        """Roles are how a server's administrator gives the same to many."""
        role = f"role_{account.user}"
        mysql_admin(f"CREATE ROLE {role}")
        try:
            mysql_admin(f"GRANT INSERT ON `{schema.name}`.`subject` TO {role}")
            connection = account(f"SELECT ON `{pattern(schema.name)}`.*", role)
            before = connection.privileges().may("INSERT", schema.name, "subject")
            connection.execute(Statement(f"SET ROLE {role}"))

            assert not before
            assert connection.privileges().may("INSERT", schema.name, "subject")
        finally:
            mysql_admin(f"DROP ROLE {role}")

    def test_of_the_administrator_are_all(self, connection, schema):
        """Who may do everything, may everywhere."""
        privileges = schema.privileges()

        assert all(privileges.may(verb) for verb in ("SELECT", "CREATE", "DROP", "REFERENCES"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestFile:
    def test_that_may_be_written(self, schema, lab):
        """A file has no users; who may write it may do everything."""
        assert schema.privileges().may("INSERT")
        assert "all tables" in repr(schema.privileges())

    def test_that_may_only_be_read(self, connection, schema, lab):
        """Reading and re-decorating work; a write is refused."""
        connection.execute(Statement("PRAGMA query_only = ON"))
        reader = dj.Schema(schema.name, connection=connection)
        Species = make_table("Species", "species : varchar(16)", dj.Lookup, contents=[("mouse",), ("rat",), ("bat",)])

        with pytest.warns(ContentsWarning, match="INSERT is missing"):
            reader(Species)
        with pytest.raises(AccessError, match="may only be read"):
            lab["Subject"].insert1((9, "mouse"))

        assert ["mouse", "rat"] == list(Species.to_arrays("species"))
        assert not reader.privileges().may("INSERT")
        assert reader.privileges().may("SELECT")
        assert connection.catalogue.table(TableName(schema.name, "#species")) is not None
