"""A wire between a client and a server that can be cut, or keep answers back, at a given statement."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Deed = Literal["pass", "keep back", "cut before", "cut after", "swallow"]
"""
What becomes of what a client has sent: it is passed on; so it is, but answers wait until something is passed on again;
the connection breaks before the server gets it; or after the server has answered, and the client has not heard; it is
lost, as everything on this connection from then on, and neither end hears of it.
"""

_PATIENCE_SECONDS = 20.0


class Wire:
    """
    Passes on what clients and a server say.

    Attributes
    ----------
    url : str
        Where clients connect, instead of to the server.
    decide : callable
        Takes what a client has sent, and says what becomes of it.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        place = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        self.url = urlunsplit((parts.scheme, place, parts.path, parts.query, parts.fragment))
        self.decide: Callable[[bytes], Deed] = lambda said: "pass"
        self.dead: list[_Line] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                _Line(self, client, socket.create_connection(self._server)).start()

    def close(self) -> None:
        """Take no more clients."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self.dead:
            line.end()


class _Line:
    """One client's connection."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self.wire, self.client, self.server = wire, client, server
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.is_to_be_cut = False
        self.is_dead = False

    def start(self) -> None:
        for work in (self._pass_on_questions, self._pass_on_answers):
            threading.Thread(target=work, daemon=True).start()

    def _pass_on_questions(self) -> None:
        with suppress(OSError):
            while said := self.client.recv(2**16):
                deed = self.wire.decide(said)
                if deed == "cut before":
                    break
                if deed == "swallow" and not self.is_dead:
                    self.is_dead = True
                    self.wire.dead.append(self)
                if self.is_dead:
                    continue
                self.is_to_be_cut = self.is_to_be_cut or deed == "cut after"
                if deed == "keep back":
                    self.may_answer.clear()
                elif deed == "pass":
                    self.may_answer.set()
                self.server.sendall(said)
        if not self.is_to_be_cut and not self.is_dead:
            self.end()

    def _pass_on_answers(self) -> None:
        with suppress(OSError):
            while heard := self.server.recv(2**16):
                if self.is_dead:
                    continue
                if self.is_to_be_cut or not self.may_answer.wait(_PATIENCE_SECONDS):
                    break
                self.client.sendall(heard)
        self.end()

    def end(self) -> None:
        """Close both ends."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    """Give a wire to a server, for the length of a ``with`` block."""
    wire = Wire(url)
    try:
        yield wire
    finally:
        wire.close()
