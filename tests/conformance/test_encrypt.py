"""Encryption of the connection to a server: as the settings say, whatever the driver would do by itself."""

from __future__ import annotations

import pytest
import trustme

import djnb as dj
from djnb.sql.statement import Statement
from tests import servers
from tests.conftest import need_own_mariadb

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def encrypting(tmp_path_factory):
    """Give the address of a server that offers encryption, by a certificate that nobody knows."""
    need_own_mariadb()
    folder = tmp_path_factory.mktemp("certificate")
    authority = trustme.CA()
    issued = authority.issue_cert("server.lab")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    options = (f"--ssl-ca={folder}/ca.pem", f"--ssl-cert={folder}/cert.pem", f"--ssl-key={folder}/key.pem")
    with servers.private_server(*options) as server:
        yield server.url


def is_encrypted(connection):
    ((_, cipher),) = connection.execute(Statement("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).rows
    return cipher != ""


class TestUseTls:
    @pytest.mark.parametrize("use_tls", [True, False])
    def test_is_as_it_is_asked(self, encrypting, use_tls):
        """True encrypts, under whatever certificate the server has; False does not, although the server offers it."""
        with dj.Connection(encrypting, use_tls=use_tls) as connection:
            assert is_encrypted(connection) is use_tls

    def test_nothing_is_encrypted_within_the_machine_unless_asked(self, encrypting):
        """None encrypts on the way to other machines; here it would cost time and protect nothing."""
        with dj.Connection(encrypting) as connection:
            assert not is_encrypted(connection)

    def test_another_machine_is_spoken_to_in_cipher(self, encrypting, monkeypatch):
        """None encrypts where the server offers it."""
        monkeypatch.setattr("djnb.backends.mysql.driver._is_local", lambda host: False)

        with dj.Connection(encrypting) as connection:
            assert is_encrypted(connection)

    def test_server_without_encryption_is_spoken_to_all_the_same(self, mysql_url, monkeypatch):
        """None takes what there is; True would refuse."""
        monkeypatch.setattr("djnb.backends.mysql.driver._is_local", lambda host: False)

        with dj.Connection(mysql_url) as connection:
            assert not is_encrypted(connection)
        with pytest.raises(dj.DataJointError):
            dj.Connection(mysql_url, use_tls=True)
