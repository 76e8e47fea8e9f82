"""The words of DataJoint for a connection: transactions by hand, asking who one is, sending it elsewhere."""

from __future__ import annotations

import pickle
from urllib.parse import unquote, urlsplit

import pytest

import djnb as dj
from djnb.errors import DuplicateError, TransactionError


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
    monkeypatch.setattr("djnb.connection._default", None)
    parts = urlsplit(mysql_url)
    login = {"user": parts.username, "password": unquote(parts.password or "")}
    one = dj.connect(host=parts.hostname, port=parts.port, **login)
    two = dj.conn(f"{parts.hostname}:{parts.port}", **login, reset=True)

    assert f"{parts.username}@{parts.hostname}" == one.get_user() == two.get_user()
    assert two is dj.conn() is not one
    one.close()
    two.close()
