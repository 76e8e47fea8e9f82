"""What the server says when a privilege is missing, and the statement that would grant it."""

from __future__ import annotations

import re

from djnb.errors import AccessError
from djnb.model.privileges import Privileges

_NAME = r"[`']?(?P<{}>[^`'.]+)[`']?"
_TABLE = re.compile(
    r"(?P<privilege>[A-Z, ]+) command denied to user .*? for table "
    rf"(?:{_NAME.format('schema')}\.)?{_NAME.format('table')}$"
)
_COLUMN = re.compile(
    r"(?P<privilege>[A-Z, ]+) command denied to user .*? for column '(?P<column>.*)' in table "
    rf"(?:{_NAME.format('schema')}\.)?{_NAME.format('table')}$"
)
_DATABASE = re.compile(r"Access denied for user .*? to database '(?P<schema>.*)'$")
_WANTED = re.compile(r"\s*(?P<verb>CREATE|DROP) (?:DATABASE|SCHEMA)", re.I)


def read_denial(text: str) -> AccessError:
    """Return the error for what the server says."""
    for pattern in (_TABLE, _COLUMN):
        match = pattern.match(text)
        if match:
            return _denied(match["privilege"], match["schema"] or "", match["table"])
    match = _DATABASE.match(text)
    if match:
        return _denied("", match["schema"])
    return AccessError(f"A privilege is missing: {text}.", remedy="Ask the server's administrator for it.")


def explain(error: AccessError, sql: str, account: str, privileges: Privileges) -> AccessError:
    """
    Return the error with the account and the statement that would grant the privilege.

    Parameters
    ----------
    error : AccessError
        As `read_denial` made it.
    sql : str
        What was refused: it tells what the server leaves out, the privilege or the schema.
    account : str
        As the server calls it, quoted for a statement.
    privileges : Privileges
        What the account may do.
    """
    privilege, schema = error.privilege, error.schema
    wanted = _WANTED.match(sql)
    if not privilege and wanted:
        privilege = wanted["verb"].upper()
    if error.table and not schema:  # MySQL 8 does not repeat the schema of a table
        found = re.search(rf"`((?:[^`]|``)+)`\.`{re.escape(error.table)}`", sql)
        schema = found[1].replace("``", "`") if found else ""
    if not schema:
        return error
    own = [pattern for pattern in privileges.creatable if pattern.endswith("%")]
    return _denied(privilege or "SELECT", schema, error.table, account, own if privilege == "CREATE" else [])


def _denied(
    privilege: str, schema: str, table: str = "", account: str = "", creatable: list[str] | None = None
) -> AccessError:
    if privilege == "CREATE":  # on a table that is not there yet, nobody would grant it
        table = ""
    where = f"the table `{schema}`.`{table}`" if table else f"the schema '{schema}'"
    whose = f" for {account}" if account else ""
    prefixes = ", ".join(f"`{pattern.rstrip('%')}…`" for pattern in creatable or [])
    own = f"You may create schemas that are called {prefixes}. " if prefixes else ""
    error = AccessError(
        f"The privilege {privilege or 'to use it'} is missing on {where}{whose}.",
        remedy=f"{own}The server's administrator can grant it: `{_grant(privilege, schema, table, account)}`.",
    )
    error.privilege, error.schema, error.table = privilege, schema, table
    return error


def _grant(privilege: str, schema: str, table: str, account: str) -> str:
    # In the name of a whole schema, % and _ are wildcards.
    name = schema if table else re.sub(r"([%_\\])", r"\\\1", schema)
    place = f"{_quote(name)}.{_quote(table) if table else '*'}"
    return f"GRANT {privilege or 'SELECT'} ON {place} TO {account or '…'}"


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
