"""The words of DataJoint for a connection: transactions by hand, asking who one is, sending it elsewhere."""

from __future__ import annotations

import pickle
from urllib.parse import unquote, urlsplit

import pytest

import djnb as dj
from djnb.errors import DataJointError, DuplicateError, TransactionError


@pytest.fixture
def Subject(schema):
    @schema
    class Subject(dj.Manual):
        definition = "subject : int32"

    return Subject


def test_transaction_is_opened_with_parentheses_or_without(connection, Subject):
    """Both spellings keep all of a block, or nothing."""
    with connection.transaction:
        Subject.insert1((1,))
    with connection.transaction():
        Subject.insert1((2,))
    with pytest.raises(DuplicateError), connection.transaction:
        Subject.insert([(3,), (1,)])

    assert [1, 2] == list(Subject.fetch("subject"))


def test_transaction_is_started_and_ended_by_hand(connection, Subject):
    """`start_transaction` with `commit_transaction` keeps, with `cancel_transaction` undoes."""
    connection.start_transaction()
    Subject.insert1((1,))
    connection.commit_transaction()
    connection.start_transaction()
    Subject.insert1((2,))
    connection.cancel_transaction()

    assert not connection.in_transaction
    assert [1] == list(Subject.fetch("subject"))
    with pytest.raises(TransactionError, match="No transaction was started"):
        connection.commit_transaction()


def test_connection_answers_until_it_is_closed(connection):
    """`is_connected` and `ping` tell whether the database answers."""
    connection.ping()
    connection.set_query_cache("ignored")
    assert connection.is_connected

    connection.close()

    assert not connection.is_connected


def test_pickled_connection_has_no_password(connection, database_url, monkeypatch):
    """What is sent to another process is the address; the password comes from the settings there."""
    sent = pickle.dumps(connection)
    password = urlsplit(database_url).password
    if password is not None:
        assert unquote(password).encode() not in sent
        monkeypatch.setattr(dj.config.database, "password", unquote(password))
    received = pickle.loads(sent)

    assert (connection.address.host, connection.address.path) == (received.address.host, received.address.path)
    assert received.is_connected
    received.close()


@pytest.mark.mysql
def test_server_is_given_in_parts(mysql_url, monkeypatch):
    """`dj.connect(host=…, user=…, password=…, port=…)` and `dj.conn(host, user, password, reset=True)`."""
    monkeypatch.setattr("djnb.connection.default._connection", None)
    parts = urlsplit(mysql_url)
    login = {"user": parts.username, "password": unquote(parts.password or "")}
    one = dj.connect(host=parts.hostname, port=parts.port, **login)
    two = dj.conn(f"{parts.hostname}:{parts.port}", **login, reset=True)

    assert f"{parts.username}@{parts.hostname}" == one.get_user() == two.get_user()
    assert two is dj.conn() is not one
    one.close()
    two.close()


class TestQuery:
    def test_values_are_bound(self, connection, Subject):
        """A statement of one's own gets its values beside its text, and gives what a cursor gives."""
        Subject.insert([(1,), (2,), (3,)])
        place = connection.dialect.placeholder
        asked = f"SELECT subject FROM {connection.dialect.table(Subject.name)} WHERE subject > {place} ORDER BY 1"

        answer = connection.query(asked, (1,))

        assert (2, ["subject"]) == (answer.rowcount, [column[0] for column in answer.description])
        assert ((2,), [(3,)], None) == (answer.fetchone(), answer.fetchall(), answer.fetchone())
        assert [{"subject": 3}] == list(connection.query(asked, [2], as_dict=True))
        assert [(1,), (2,)] == connection.query(asked, [0]).fetchmany(2)

    def test_that_changes_rows_tells_how_many(self, connection, Subject):
        """`rowcount` is the number of rows changed; there is nothing to fetch."""
        Subject.insert([(1,), (2,)])

        answer = connection.query(f"DELETE FROM {connection.dialect.table(Subject.name)}")

        assert (2, None, []) == (answer.rowcount, answer.description, answer.fetchall())

    def test_that_is_wrong_is_an_error_of_djnb(self, connection):
        """What the database refuses is told in the same way as everywhere."""
        with pytest.raises(DataJointError, match=r"cannot be read|cannot read"):
            connection.query("SELEKT 1")


def test_connection_tells_its_number_and_its_server(connection, database_url):
    """`connection_id` is what the server calls it; `conn_info` has no password."""
    password = urlsplit(database_url).password
    info = connection.conn_info

    if connection.address.host:
        assert [(connection.connection_id,)] == connection.query("SELECT CONNECTION_ID()").fetchall()
        assert unquote(password or "") not in info.values()
    else:
        assert 0 == connection.connection_id
    assert ["host", "port", "user"] == list(info)
