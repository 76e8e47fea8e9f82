"""Reading SHOW GRANTS: what the server has granted to the account and to the roles that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from djnb.model.privileges import EVERYWHERE, Grant

_IDENTIFIER = r"(?:\*|`(?:[^`]|``)*`)"
_LINE = re.compile(
    rf"(?P<verb>GRANT|REVOKE) (?P<what>.+?) ON (?:TABLE )?(?P<schema>{_IDENTIFIER})\.(?P<table>{_IDENTIFIER}) "
    r"(?:TO|FROM) (?P<grantee>\S+)"
)
_ITEM = re.compile(r"(?P<privilege>[A-Z][A-Z_ ]*[A-Z])(?: \((?P<columns>[^)]*)\))?")
_ALL = frozenset({
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "REFERENCES", "INDEX", "TRIGGER",
    "CREATE VIEW", "SHOW VIEW", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE",
})  # fmt: skip
_REFERRING = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})


def read_grants(lines: Iterable[str], *, any_privilege_refers: bool) -> tuple[Grant, ...]:
    """
    Return the grants that the lines say; nothing else of them, which may have the hash of a password.

    Parameters
    ----------
    lines : iterable of str
        As SHOW GRANTS gives them.
    any_privilege_refers : bool
        Whether a privilege to read or write the rows of a table is one to refer to it by a foreign key.
    """
    grants = []
    for line in lines:
        match = _LINE.match(line)
        if match is None:  # a role, a routine, a proxy
            continue
        privileges = set(_privileges(match["what"]))
        if any_privilege_refers and privileges & _REFERRING:
            privileges.add("REFERENCES")
        schema, table = _unquote(match["schema"]), _unquote(match["table"])
        grants.append(
            Grant(
                frozenset(privileges),
                EVERYWHERE if schema == "*" else schema,
                "" if table == "*" else table,
                match["grantee"],
                match["verb"] == "REVOKE",
            )
        )
    return tuple(grants)


def _privileges(what: str) -> Iterable[str]:
    for match in _ITEM.finditer(what):
        if match["privilege"] in ("ALL PRIVILEGES", "ALL"):
            yield from _ALL
        elif match["columns"]:
            yield from (f"{match['privilege']} ({_unquote(name)})" for name in match["columns"].split(", "))
        elif match["privilege"] != "USAGE":
            yield match["privilege"]


def _unquote(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
