"""Where to connect: an address, and what the settings add to it."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import quote, urlsplit

from djnb.errors import SettingsError
from djnb.settings import get_config

logger = logging.getLogger(__name__)

DEFAULT_FILE = "djnb.sqlite"
"""Where a pipeline lives if nothing is configured: in the working directory."""


def whole_address(url: str | None) -> str:
    """Return where to connect: what is given, else what the settings say, else a file in the working directory."""
    settings = get_config().database
    url = url or settings.url
    if url is None and settings.host is None:
        if not Path(DEFAULT_FILE).exists():
            logger.warning("No database is configured: creating '%s' in the working directory", DEFAULT_FILE)
        return f"sqlite:///{DEFAULT_FILE}"
    if url is None:
        host = f"[{settings.host}]" if ":" in str(settings.host) else settings.host
        url = f"mysql://{host}:{settings.port}"
    scheme, colon, rest = url.partition(":")
    return _log_in(scheme.lower() + colon + rest)


def _log_in(url: str) -> str:
    """
    Return an address with the user and the password that the settings have, where a server's has none itself.

    Raises
    ------
    SettingsError
        The address cannot be read. The message repeats nothing of it, for any part may be of a password.
    """
    settings = get_config().database
    try:
        parts = urlsplit(url)
        if not parts.netloc:
            return url  # of a file
        rest = parts.path + parts.query + parts.fragment
        is_read = parts.port != 0 and "@" not in rest and not rest.strip("/")
    except ValueError:
        is_read = False
    if not is_read:
        raise SettingsError(
            "The address of the server cannot be read: its port is no port number, its password has special "
            "characters, or it goes on after the port.",
            remedy="Write `mysql://user@host:3306` and give the password by `dj.config.database.password` or "
            "DJNB_DATABASE_PASSWORD; within an address, percent-encode its special characters (`/` is %2F).",
        )
    login, _, host = parts.netloc.rpartition("@")
    if not login and settings.user is not None:
        login = quote(settings.user, safe="")
    if login and ":" not in login and settings.password is not None:
        login += ":" + quote(settings.password.get_secret_value(), safe="")
    return parts._replace(netloc=f"{login}@{host}" if login else host).geturl()


def address_of(host: str | None, user: str | None, password: str | None, port: int | None) -> str | None:
    """Return the address of a server given in parts; None if nothing is given."""
    if host is None and user is None and password is None and port is None:
        return None
    settings = get_config().database
    host, colon, number = (host or settings.host or "localhost").partition(":")
    user = settings.user if user is None else user
    login = quote(user, safe="") if user else ""
    if password is not None:
        login += ":" + quote(password, safe="")
    return f"mysql://{login}{'@' if login else ''}{host}:{port or (number if colon else settings.port)}"
