"""
DataJoint itself, in environments of its own: what it writes djnb must read, and the other way round.

The environments are made once, beside the packages of the Python that runs the tests, and kept.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

BOTH = Path(__file__).parent / "interop" / "both"
"""The modules that run in both worlds: under djnb within the tests, and under DataJoint in its environment."""

# 0.14 needs pkg_resources, which newer versions of setuptools have not.
CURRENT = ("datajoint==2.3.5",)
CLASSIC = ("datajoint==0.14.9", "setuptools<81")

_INSTALL_SECONDS = 600
_RUN_SECONDS = 240


class PeerError(Exception):
    """An environment could not be made, or a script failed in it; the message ends with what it printed."""


@dataclass(frozen=True)
class Peer:
    """
    An environment with DataJoint in it.

    Attributes
    ----------
    python : Path
        Its Python.
    variables : mapping
        The environment of every script, beside the tests' own; 2.x reads its settings there.
    configuration : mapping
        What stands in ``dj_local_conf.json``, where 0.14 reads its settings.
    """

    python: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def run(self, script: str, /, **arguments: Any) -> Any:
        """
        Run a function of a module in `BOTH` under DataJoint and return its result.

        Parameters
        ----------
        script : str
            ``module.function``.
        **arguments
            Its arguments; they and the result travel as JSON.
        """
        module, _, function = script.rpartition(".")
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer.json"
            if self.configuration:
                (Path(folder) / "dj_local_conf.json").write_text(json.dumps(self.configuration))
            code = (
                "import importlib, json, sys\n"
                f"import datajoint\n"
                f"result = getattr(importlib.import_module({module!r}), {function!r})"
                "(datajoint, **json.load(sys.stdin))\n"
                f"open({str(answer)!r}, 'w').write(json.dumps(result))\n"
            )
            done = subprocess.run(
                [str(self.python), "-W", "ignore", "-c", code],
                input=json.dumps(arguments),
                cwd=folder,
                env={**_plain_environment(), **self.variables, "PYTHONPATH": str(BOTH)},
                capture_output=True,
                text=True,
                timeout=_RUN_SECONDS,
                check=False,
            )
            if done.returncode:
                raise PeerError(f"{script} failed under DataJoint:\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}")
            return json.loads(answer.read_text())


def environment(name: str, packages: tuple[str, ...]) -> Path:
    """
    Return the Python of an environment with some packages, making it if it is not there.

    Raises
    ------
    PeerError
        The packages cannot be installed, for want of a network perhaps.
    """
    home = _home() / name
    python = home / "bin" / "python"
    mark = home / "packages.json"
    if mark.exists() and json.loads(mark.read_text()) == list(packages) and python.exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    _do([sys.executable, "-m", "venv", str(home)])
    _do([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
    mark.write_text(json.dumps(packages))
    return python


def current(python: Path, url: str) -> Peer:
    """Return DataJoint 2.x at a server."""
    host, port, user, password = _account(url)
    return Peer(
        python,
        {
            "DJ_HOST": host,
            "DJ_PORT": str(port),
            "DJ_USER": user,
            "DJ_PASS": password,
            "DJ_USE_TLS": "false",
            "DJ_LOG_LEVEL": "ERROR",
            "DJ_SAFEMODE": "false",
        },
    )


def classic(python: Path, url: str) -> Peer:
    """Return DataJoint 0.14 at a server."""
    host, port, user, password = _account(url)
    return Peer(
        python,
        {"DJ_SUPPORT_FILEPATH_MANAGEMENT": "TRUE", "DJ_SUPPORT_ADAPTED_TYPES": "TRUE"},
        {
            "database.host": host,
            "database.port": port,
            "database.user": user,
            "database.password": password,
            "database.use_tls": False,
            "enable_python_native_blobs": True,
            "loglevel": "ERROR",
            "safemode": False,
        },
    )


def _account(url: str) -> tuple[str, int, str, str]:
    parts = urlsplit(url)
    return (
        parts.hostname or "127.0.0.1",
        parts.port or 3306,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def _home() -> Path:
    return Path(os.environ.get("DJNB_TEST_PEERS") or Path(sys.prefix) / "peers")


def _plain_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("DJ_", "DJNB_", "PYTHON", "VIRTUAL_ENV"))}


def _do(command: list[str]) -> None:
    done = subprocess.run(
        command, env=_plain_environment(), capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
    )
    if done.returncode:
        raise PeerError(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
