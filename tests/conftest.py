"""The fixtures of all tests: both databases, a connection, a schema, and a place without the developer's settings."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests import servers

if TYPE_CHECKING:
    import djnb

SCHEMA_PREFIX = "djnb_test_"

# The time of an example depends on the machine, and a test's folder is no place for a database of examples.
hypothesis.settings.register_profile("djnb", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("djnb")


def absent(what: str, requirement: str) -> Any:
    """Skip the test for want of something, or fail where the run is said to have it."""
    if os.environ.get(requirement) == "1":
        pytest.fail(f"{what} ({requirement}=1 asks for it)", pytrace=False)
    pytest.skip(what)


def need_own_mariadb() -> None:
    """Skip the test where no server can be started on this machine."""
    if missing := servers.missing_programs():
        absent(f"No MariaDB of its own: {' and '.join(missing)} not found", "DJNB_TEST_REQUIRE_MYSQL")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No DJNB_ variable reaches a test, and no djnb.toml above its folder: the search for it ends at a .git."""
    (tmp_path_factory.getbasetemp() / ".git").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("DJNB_", "DJ_")) and not name.startswith("DJNB_TEST_"):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in an empty folder and reads the settings anew."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("djnb.settings._config", None)
    monkeypatch.setattr("djnb.settings.datajoint.FILE_OF_THE_USER", str(tmp_path / "no_settings_of_the_developer"))


@pytest.fixture(scope="session")
def mysql_url() -> Iterator[str]:
    """Give the address of a MariaDB server, with the password of an account that may do everything."""
    given = os.environ.get("DJNB_TEST_MYSQL")
    if given:
        yield given
        return
    need_own_mariadb()
    with servers.private_mariadb() as url:
        yield url


@pytest.fixture(scope="session")
def mysql_admin(mysql_url: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Give a function that sends one statement as the administrator and returns its rows."""

    def run(statement: str, arguments: Any = None) -> list[tuple[Any, ...]]:
        return servers.run_statement(mysql_url, statement, arguments)

    return run


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty database, once on each backend."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite'}"
        return
    url: str = request.getfixturevalue("mysql_url")
    before = _test_databases(url)
    yield url
    # By the server, not by djnb: whatever a test broke, the next one starts clean.
    for name in _test_databases(url) - before:
        servers.run_statement(url, f"DROP DATABASE IF EXISTS `{name}`", before="SET foreign_key_checks = 0")


@pytest.fixture
def connection(database_url: str) -> Iterator[djnb.Connection]:
    """Give a fresh connection."""
    import djnb

    connection = djnb.Connection(database_url)
    yield connection
    connection.close()


@pytest.fixture
def schema(connection: djnb.Connection) -> djnb.Schema:
    """Give an empty schema of a name that no other test has; it is dropped with its database."""
    import djnb

    return djnb.Schema(SCHEMA_PREFIX + secrets.token_hex(4), connection=connection)


@pytest.fixture
def statements(connection: djnb.Connection) -> Iterator[list[str]]:
    """Give the statements that the connection sends, as they come."""
    from djnb.events import StatementSent

    sent: list[str] = []
    with connection.bus.subscribed(lambda event: sent.append(event.sql), StatementSent):
        yield sent


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of the browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return path or absent("No browser: chromium not found", "DJNB_TEST_REQUIRE_BROWSER")


def _test_databases(url: str) -> set[str]:
    rows = servers.run_statement(url, "SHOW DATABASES LIKE %s", (SCHEMA_PREFIX.replace("_", r"\_") + "%",))
    return {name for (name,) in rows}
