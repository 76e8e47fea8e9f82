"""A private MariaDB server for one run of the tests, in a temporary folder and on the loopback address only."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql

ADDRESS = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 20
USER = "djnb_tests"

# The folder goes away after the run, so nothing needs to reach the disk.
FAST_OPTIONS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=4M",
    "--performance-schema=OFF",
    "--skip-log-bin",
)


class ServerError(Exception):
    """The private server could not be set up; the message ends with what it logged."""


def missing_programs() -> list[str]:
    """Return the names of the programs that a private server needs and that are not on this machine."""
    return [name for name in ("mariadbd", "mariadb-install-db") if _program(name) is None]


class PrivateServer:
    """A server that was installed into a folder; `url` has an account that may do everything."""

    def __init__(self, folder: Path, *options: str) -> None:
        _install(folder)
        self._folder = folder
        self._options = options
        self._port = free_port()
        self._password = secrets.token_urlsafe(12)
        self.url = f"mysql://{USER}:{self._password}@{ADDRESS}:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = _start(self._folder, self._port, self._password, self.url, self._options)

    def stop(self) -> None:
        """Stop it in order."""
        if self._process is not None:
            _stop(self._process)

    def crash(self) -> None:
        """End it as a loss of power would, but for what the disk has been told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Stop it and start it, at the same address."""
        self.stop()
        self.start()


@contextmanager
def private_server(*options: str) -> Iterator[PrivateServer]:
    """Start a server in a folder of its own, with further options, and stop it at the end."""
    # Not pytest's folder: the path of a Unix socket has to be short.
    folder = Path(tempfile.mkdtemp(prefix="djnb-mariadb-"))
    try:
        server = PrivateServer(folder, *options)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def private_mariadb() -> Iterator[str]:
    """Start a server, give its address with an account that may do everything, and stop it at the end."""
    with private_server() as server:
        yield server.url


def run_statement(url: str, statement: str, arguments: Any = None, *, before: str = "") -> list[tuple[Any, ...]]:
    """Send one statement over a connection of its own, maybe after another one, and return its rows."""
    parts = urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname or ADDRESS,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        autocommit=True,
        connect_timeout=5,
    )
    try:
        with connection.cursor() as cursor:
            if before:
                cursor.execute(before)
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())
    finally:
        connection.close()


def _program(name: str) -> str | None:
    # Debian keeps servers in a folder that is not on every user's path.
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec")


def _as_user() -> list[str]:
    """Return the option without which the server refuses to run as root."""
    return ["--user=root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _install(folder: Path) -> None:
    log = folder / "install.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [
                str(_program("mariadb-install-db")),
                "--no-defaults",
                f"--datadir={folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                *FAST_OPTIONS,
                *_as_user(),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise ServerError(f"mariadb-install-db ended with {done.returncode}: {tail(log)}")


def _start(folder: Path, port: int, password: str, url: str, options: Sequence[str]) -> subprocess.Popen[bytes]:
    accounts = folder / "accounts.sql"
    accounts.write_text(
        f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
        "DELETE FROM mysql.global_priv WHERE User = 'root';\n"
        "FLUSH PRIVILEGES;\n"
    )
    accounts.chmod(0o600)
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *end_with_pytest(),
                str(_program("mariadbd")),
                "--no-defaults",
                f"--datadir={folder / 'data'}",
                f"--socket={folder / 'socket'}",
                f"--pid-file={folder / 'pid'}",
                f"--tmpdir={folder}",
                f"--bind-address={ADDRESS}",
                f"--port={port}",
                f"--init-file={accounts}",
                "--skip-name-resolve",
                "--character-set-server=utf8mb4",
                "--max-connections=200",
                *FAST_OPTIONS,
                *options,
                *_as_user(),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the server in order
        )
    try:
        _wait(server, url, log)
    except BaseException:
        _stop(server)
        raise
    return server


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if server.poll() is not None:
            raise ServerError(f"mariadbd ended with {server.returncode}: {tail(log)}")
        try:
            run_statement(url, "SELECT 1")
            return
        except pymysql.err.OperationalError:
            if time.monotonic() > deadline:
                raise ServerError(f"mariadbd did not answer within {START_SECONDS} s: {tail(log)}") from None
        time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def end_with_pytest() -> list[str]:
    """Return the command that ends the server when pytest is killed and can stop nothing any more (Linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
