"""The server's error codes as djnb's errors. Their texts hold no password: the server does not send it."""

from __future__ import annotations

import re

from djnb.backends.base import Address
from djnb.backends.mysql.denials import read_denial
from djnb.errors import (
    AuthenticationError,
    DatabaseError,
    DataJointError,
    DefinitionError,
    DuplicateError,
    IntegrityError,
    InvalidValueError,
    LockError,
    LostConnectionError,
    MissingAttributeError,
    MissingSchemaError,
    MissingTableError,
    QuerySyntaxError,
    ReferencedError,
    UnknownAttributeError,
    UnreachableError,
)

_DENIED_LOGIN = {1045, 1698, 1862}
_DENIED = {1044, 1142, 1143, 1227, 1370}
_LOST = {0, 1053, 1080, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2014, 2055, 3169, 4031}
_LOCKED = {1205, 1213, 1020}
_SYNTAX = {1064, 1305, 1582, 1583, 1630, 1111}
_DEFINITION = {1005, 1059, 1060, 1067, 1068, 1070, 1071, 1072, 1074, 1075, 1118, 1167, 1170, 1215, 1291, 1294, 1425,
               1426, 1427, 1439, 1628, 1629, 1785, 1822, 1830, 3750, 3780}  # fmt: skip
_TOO_LONG = {1264, 1265, 1366, 1406, 1292, 1367}


def unreachable(error: Exception, address: Address) -> DatabaseError:
    """Return the error for a connection that could not be made."""
    code = error.args[0] if error.args else 0
    if code in _DENIED_LOGIN:
        given = "with a password" if address.password else "without a password"
        return AuthenticationError(
            f"The server at {address.host}:{address.port} does not let '{address.user}' in ({given}).",
            remedy="Check user and password: `dj.config.database.user`, `dj.config.database.password`, "
            "or DJNB_DATABASE_USER and DJNB_DATABASE_PASSWORD in the environment.",
        )
    if code in _DENIED:
        return read_denial(str(error.args[-1]))
    reason = str(error.args[-1]) if error.args else type(error).__name__
    return UnreachableError(
        f"No database answers at {address.host}:{address.port} ({reason.rstrip('.')}).",
        remedy="Check host and port and that the server runs; "
        "or work without a server: `sqlite:///pipeline.sqlite` as the address.",
    )


def translate(error: Exception, address: Address) -> DataJointError:
    """Return djnb's error for one that the server, or the way to it, gave."""
    code, text = (error.args[0], str(error.args[-1])) if error.args else (0, str(error))
    if code in _DENIED:
        return read_denial(text)
    if code in _LOST or isinstance(error, OSError) or type(error).__name__ == "InterfaceError":
        return LostConnectionError(
            f"The connection to {address.host}:{address.port} was lost ({text}).",
            remedy="What was not committed is undone. The next statement connects again.",
        )
    if code == 1062:
        return DuplicateError(f"A row with the same values is there already: {text}.")
    if code in (1452, 1216):
        return IntegrityError(f"A row refers to a parent that is not there: {text}.")
    if code in (1451, 1217):
        referenced = ReferencedError(f"Rows of other tables refer to this row: {text}.", remedy="Delete those first.")
        match = re.search(r"fails \(`([^`]+)`\.`([^`]+)`", text)
        # MySQL 8 leaves the names out (1217) where the user may not see the table, says its manual.
        referenced.child = f"{match[1]}.{match[2]}" if match else "another table"
        return referenced
    if code == 3730:
        return ReferencedError(f"Other tables refer to this table: {text}.", remedy="Drop those first.")
    if code == 1146:
        match = re.search(r"'([^']*)'", text)
        return MissingTableError(
            f"There is no table '{match[1] if match else text}' in the database.", remedy="Declare it first."
        )
    if code == 1049:
        return MissingSchemaError(f"There is no such schema: {text}.")
    if code == 1364:
        match = re.search(r"'([^']*)'", text)
        return MissingAttributeError(f"'{match[1] if match else text}' has no default and a row does not give it.")
    if code == 1054:
        match = re.search(r"'([^']*)'", text)
        return UnknownAttributeError(f"There is no attribute '{match[1] if match else text}'.")
    if code in _SYNTAX:
        return QuerySyntaxError(f"The database cannot read the expression: {text}.")
    if code in _DEFINITION:
        return DefinitionError(f"The server refuses the definition: {text}.")
    if code in _TOO_LONG:
        return InvalidValueError(f"The database refused a value: {text}.")
    if code in _LOCKED:
        return LockError(f"The server gave up waiting for a lock: {text}.", remedy="Try again.")
    if code == 1153:
        return DatabaseError(
            f"A row is larger than the server takes: {text}.",
            remedy="Ask for a larger `max_allowed_packet`, or keep such values in files.",
        )
    return DatabaseError(f"The server refused: {text} (error {code}).")
