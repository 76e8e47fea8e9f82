"""A Jupyter server for one run of the tests: settings and kernels of its own, on the loopback address only."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests import servers

KERNEL = "djnb-tests"
START_SECONDS = 60
STOP_SECONDS = 15

# What a developer, or pytest, has set for itself. A kernel that knows of pytest would show nothing live.
NOT_INHERITED = ("DJNB_", "IPYTHON", "JPY_", "JUPYTER", "PYTEST", "PYTHON")

# Every cell is in the page, also those that are scrolled out of sight, and no empty space below them; nobody asks for
# news.
FRONT_END_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
}


class ServerError(Exception):
    """The Jupyter server did not start; the message ends with what it logged."""


class JupyterServer:
    """
    A running server, which serves JupyterLab and Notebook 7 alike.

    Attributes
    ----------
    folder : Path
        Where it keeps everything.
    root : Path
        The folder of the notebooks.
    address : str
        Where it answers, without the last slash.
    token : str
        What opens it.
    """

    def __init__(self, folder: Path, address: str, token: str) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.address = address
        self.token = token

    def end_kernels(self) -> None:
        """End the kernels of all notebooks."""
        for session in self._request("GET", "sessions"):
            self._request("DELETE", f"sessions/{session['id']}")

    def write_front_end_setting(self, name: str, values: Mapping[str, Any]) -> None:
        """Set what the user of a front end might have set; it holds for windows that are opened from now on."""
        _write_json(self.folder / "config" / "lab" / "user-settings" / f"{name}.jupyterlab-settings", values)

    def is_up(self) -> bool:
        """Tell whether it answers."""
        try:
            self._request("GET", "status")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def _request(self, method: str, path: str) -> Any:
        request = urllib.request.Request(
            f"{self.address}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=STOP_SECONDS) as response:
            body = response.read()
        return json.loads(body) if body else None


@contextmanager
def running(folder: Path) -> Iterator[JupyterServer]:
    """Start a server that keeps everything below a folder, and stop it at the end."""
    port, token = servers.free_port(), secrets.token_urlsafe(16)
    server = JupyterServer(folder, f"http://{servers.ADDRESS}:{port}", token)
    server.root.mkdir()
    _write_settings(server, port)
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*servers.end_with_pytest(), sys.executable, "-m", "jupyterlab", "--no-browser"],
            cwd=server.root,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the server in order
        )
    try:
        _wait(process, server, log)
        yield server
    finally:
        _stop(process)


def _write_settings(server: JupyterServer, port: int) -> None:
    _write_json(
        server.folder / "config" / "jupyter_server_config.json",
        {
            "ServerApp": {
                "ip": servers.ADDRESS,
                "port": port,
                "port_retries": 0,
                "root_dir": str(server.root),
                "allow_root": True,
                "open_browser": False,
            },
            "IdentityProvider": {"token": server.token},
            "KernelSpecManager": {"allowed_kernelspecs": [KERNEL], "ensure_native_kernel": False},
            # The tests run the front end's own commands.
            "LabApp": {"expose_app_in_browser": True},
            "JupyterNotebookApp": {"expose_app_in_browser": True},
        },
    )
    for name, values in FRONT_END_SETTINGS.items():
        server.write_front_end_setting(name, values)
    _write_json(
        server.folder / "data" / "kernels" / KERNEL / "kernel.json",
        {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3",
            "language": "python",
            "metadata": {"debugger": False},
            # The djnb that the tests see, also where another one is installed.
            "env": {"PYTHONPATH": str(_folder_of("djnb")), "PYTHONDONTWRITEBYTECODE": "1"},
        },
    )


def _environment(folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    return {
        **inherited,
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))).parent


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def _wait(process: subprocess.Popen[bytes], server: JupyterServer, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.is_up():
        if process.poll() is not None:
            raise ServerError(f"The Jupyter server ended with {process.returncode}: {servers.tail(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"The Jupyter server did not answer within {START_SECONDS} s: {servers.tail(log)}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()  # it ends its kernels first
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
