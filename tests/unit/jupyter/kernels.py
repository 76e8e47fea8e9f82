"""A real kernel with the pipeline of a test, spoken to as a front end does, without a browser."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

SECONDS = 30.0
"""Longer than anything here takes."""

PIPELINE = '''
%load_ext djnb
import json, time
import djnb as dj

schema = dj.Schema("lab", connection=dj.Connection("sqlite:///lab.sqlite"))
pause = 0.0  # seconds that a key takes

@schema
class Session(dj.Manual):
    definition = "session : int32"

@schema
class Analysis(dj.Computed):
    definition = """
    -> Session
    ---
    y : float64
    """

    def make(self, key):
        if key["session"] == 3:
            raise ValueError("bad spike 3")
        self.insert1(dict(key, y=key["session"] / 2))
        time.sleep(pause)
'''


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a kernel that somebody watches, with changes."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTEST_VERSION"}
    return {**ours, **changes}


class Conversation:
    """What a front end sends to a kernel, and what it hears."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.heard: list[dict[str, Any]] = []

    def start(self, code: str) -> str:
        """Run code without waiting; return the request's id."""
        self.heard = []
        return str(self.client.execute(code))

    def hear(self, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Listen until a message comes, and return it."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            message: dict[str, Any] = self.client.get_iopub_msg(timeout=SECONDS)
            self.heard.append(message)
            if until(message):
                return message
        raise TimeoutError(f"Not heard among {[each['msg_type'] for each in self.heard]}")

    def finish(self, request: str) -> list[dict[str, Any]]:
        """Listen until the request is done; return all that was heard since it was sent."""
        self.hear(
            lambda message: (
                message["msg_type"] == "status"
                and message["content"]["execution_state"] == "idle"
                and message["parent_header"].get("msg_id") == request
            )
        )
        return self.heard

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run code to its end; return what was heard."""
        return self.finish(self.start(code))

    def printed(self, code: str) -> str:
        """Run code and return what it prints."""
        return "".join(each["content"]["text"] for each in self.run(code) if each["msg_type"] == "stream")

    def has_subshells(self) -> bool:
        """Tell whether the kernel can answer clicks while a cell runs."""
        information = self.client.kernel_info(reply=True, timeout=SECONDS)["content"]
        return "kernel subshells" in information.get("supported_features", [])

    def open_subshell(self) -> str:
        """Ask for a subshell, as JupyterLab does for a widget."""
        session, control = self.client.session, self.client.control_channel
        request = session.msg("create_subshell_request", {})
        control.send(request)
        while True:
            reply = self.client.get_control_msg(timeout=SECONDS)
            if reply["parent_header"].get("msg_id") == request["header"]["msg_id"]:
                return str(reply["content"]["subshell_id"])

    def click(self, comm_id: str, *, subshell: str | None) -> None:
        """Click on a button."""
        content = {"comm_id": comm_id, "data": {"method": "custom", "content": {"event": "click"}}}
        message = self.client.session.msg("comm_msg", content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)


def results(heard: list[dict[str, Any]]) -> list[str]:
    """Return the first lines of the results as text."""
    return [
        each["content"]["data"]["text/plain"].splitlines()[0] for each in heard if each["msg_type"] == "execute_result"
    ]


def kinds(heard: list[dict[str, Any]]) -> set[str]:
    """Return the kinds of the messages."""
    return {each["msg_type"] for each in heard}


@contextmanager
def kernel(folder: str, **variables: str) -> Iterator[tuple[KernelManager, Conversation]]:
    """Start a kernel in a folder; it is stopped at the end."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=folder, env=environment(**variables))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield manager, Conversation(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
