"""
Several statements in one round trip: all are written, then all answers are read.

The protocol has no word for it, but a server reads one command after the other from the same stream, whatever has been
written into it meanwhile. PyMySQL does one at a time; its own steps are used here, writing and reading apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import pymysql
from pymysql.constants import COMMAND

from djnb.backends.base import Answer

_PACKET = struct.Struct("<iB")
"""What begins a packet: the length of what follows, with the number 0 of the packet as its highest byte; a command."""

JOURNEY_BYTES = 16 * 2**10
"""
So much fits into the buffers between two machines while the other side is not reading.

With more under way, the server could wait for its answers to be read by a client that waits to be done writing.
"""


def journeys(texts: Sequence[str]) -> Iterator[list[bytes]]:
    """Yield the statements in groups that are small enough to be written at once; a long one goes alone."""
    group: list[bytes] = []
    size = 0
    for text in texts:
        encoded = text.encode()
        if group and size + len(encoded) > JOURNEY_BYTES:
            yield group
            group, size = [], 0
        group.append(encoded)
        size += len(encoded)
    if group:
        yield group


def exchange(connection: Any, group: Sequence[bytes]) -> list[Answer]:
    """
    Write statements, then read the answer to each.

    Raises
    ------
    pymysql.Error
        The first one that the server gave. All answers have been read by then, unless the connection is lost.
    """
    connection._execute_command(COMMAND.COM_QUERY, group[0])
    if len(group) > 1:
        # At once, as they are short: a call of the system for each would cost more than the rest of it.
        connection._write_bytes(b"".join(_PACKET.pack(len(text) + 1, COMMAND.COM_QUERY) + text for text in group[1:]))
    answers: list[Answer] = []
    first: pymysql.Error | None = None
    for _ in group:
        connection._next_seq_id = 1  # each answer counts its packets anew, after the one of its statement
        try:
            affected = connection._read_query_result()
            result = connection._result
            while result.has_next:
                connection.next_result()
                result = connection._result
        except pymysql.Error as error:
            first = first or error
            if not connection.open:
                raise first from None
            continue
        names = tuple(column[0] for column in result.description or ())
        answers.append(Answer(result.rows or (), affected, names))
    connection._result = None
    if first is not None:
        raise first
    return answers
