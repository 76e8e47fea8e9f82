"""
What a statement is about to do, told by its text: whoever wrote it, in whatever dialect.

Where the text leaves a doubt, the answer is the careful one: that it writes, or that it answers differently each time.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from djnb.model.naming import TableName


class Intent(Enum):
    """What a statement does, as far as a transaction is concerned."""

    READS = "asks for rows that stay the same while nobody writes"
    LOOKS = "asks about something else than rows"
    WRITES = "changes rows, or locks them"
    ENDS = "begins or ends a transaction, by itself or because the database then does"


# Literals, quoted names and comments. In SQL that djnb says itself, values are bound.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|--[^\n]*|/\*.*?\*/", re.DOTALL)

_ENDING = frozenset({
    "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "XA",
    "CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "OPTIMIZE", "REPAIR", "INSTALL",
    "LOCK", "UNLOCK", "GRANT", "REVOKE", "ATTACH", "DETACH", "VACUUM", "REINDEX",
})  # fmt: skip
_LOOKING = frozenset({"SHOW", "DESC", "DESCRIBE", "EXPLAIN", "PRAGMA", "USE", "SET", "DO", "HELP", "KILL"})
_READING = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})

_LOCKING = re.compile(r"\bFOR\s+(UPDATE|SHARE)\b|\bLOCK\s+IN\s+SHARE\b|\bINTO\s+(OUTFILE|DUMPFILE|@)")
_CHANGING = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE)\b(?!\s*\()")
_VOLATILE = re.compile(
    r"\b(?:MYSQL_)?(NOW|SYSDATE|CURDATE|CURTIME|UTC_DATE|UTC_TIME|UTC_TIMESTAMP|UNIX_TIMESTAMP|RAND|RANDOM|RANDOMBLOB"
    r"|RANDOM_BYTES|UUID|UUID_SHORT|SYS_GUID|CONNECTION_ID|LAST_INSERT_ID|LAST_INSERT_ROWID|ROW_COUNT|FOUND_ROWS"
    r"|CHANGES|TOTAL_CHANGES|SLEEP|BENCHMARK|GET_LOCK|RELEASE_LOCK|RELEASE_ALL_LOCKS|IS_FREE_LOCK|IS_USED_LOCK"
    r"|NEXTVAL|LASTVAL|SETVAL)\s*\("
    r"|\b(CURRENT_TIMESTAMP|CURRENT_DATE|CURRENT_TIME|LOCALTIME|LOCALTIMESTAMP)\b"
    r"|\b(DATE|TIME|DATETIME|JULIANDAY|STRFTIME|UNIXEPOCH)\s*\([^)]*'NOW'"
    r"|@@?\w|\bINFORMATION_SCHEMA\b|\bPERFORMANCE_SCHEMA\b"
)
_TELLING = re.compile(r"\b(LAST_INSERT_ID|LAST_INSERT_ROWID|ROW_COUNT|FOUND_ROWS|CHANGES|TOTAL_CHANGES)\s*\(")
_SOURCE = re.compile(
    r"\b(?:FROM|JOIN)\s+\(*\s*(?:`((?:[^`])+)`\s*\.\s*`([^`]+)`|\"([^\".]+)\.([^\"]+)\")", re.IGNORECASE
)

_PLAIN_INSERT = re.compile(
    r"INSERT INTO (?:`((?:[^`])+)`\s*\.\s*`([^`]+)`|\"([^\".]+)\.([^\"]+)\") "
    r"\((?:[`\"][^`\"]+[`\"](?:, )?)+\) VALUES \((?:(?:%s|\?)(?:, )?)+\)"
)


def bare(sql: str) -> str:
    """Return a statement in capitals, without what stands in quotes and in comments."""
    return _QUOTED.sub(lambda found: "'NOW'" if found[0].lower() == "'now'" else "''", sql).upper()


@lru_cache(1024)
def intent_of(sql: str) -> Intent:
    """Return what a statement does."""
    text = bare(sql).lstrip(" \t\r\n(';")
    found = re.match(r"\w+", text)
    word = found[0] if found else ""
    if word in _READING:
        if _LOCKING.search(text) or (word == "WITH" and _CHANGING.search(text)):
            return Intent.WRITES
        return Intent.READS
    if word in _LOOKING:
        return Intent.ENDS if word == "SET" and re.search(r"\bAUTOCOMMIT\b|\bTRANSACTION\b", text) else Intent.LOOKS
    if word in _ENDING:
        is_temporary = re.match(r"(CREATE|DROP)\s+(OR\s+REPLACE\s+)?TEMP", text)
        goes_back = re.match(r"ROLLBACK\s+(WORK\s+)?TO\b", text)
        return Intent.WRITES if is_temporary or goes_back else Intent.ENDS
    return Intent.WRITES


@lru_cache(1024)
def is_volatile(sql: str) -> bool:
    """Tell whether a statement may be answered differently although nobody has written."""
    return _VOLATILE.search(bare(sql)) is not None


@lru_cache(1024)
def is_moody(sql: str) -> bool:
    """Tell whether a statement may be answered differently although the same was written before it."""
    return is_volatile(sql) and _TELLING.search(bare(sql)) is None


@lru_cache(1024)
def tables_read(sql: str) -> tuple[TableName, ...]:
    """Return the tables from which a statement takes rows, as far as it names them with their schemas."""
    found = (TableName(m[1] or m[3], m[2] or m[4]) for m in _SOURCE.finditer(sql))
    return tuple(dict.fromkeys(found))


@lru_cache(1024)
def table_filled(sql: str) -> TableName | None:
    """
    Return the table into which a statement does nothing but insert the values that are bound to it.

    Such a statement either fails or changes as many rows as it is given. None for any other one.
    """
    found = _PLAIN_INSERT.fullmatch(sql)
    return None if found is None else TableName(found[1] or found[3], found[2] or found[4])
