"""What must not be shown: passwords in addresses and in lines of code, and the secrets of stores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"
"""What is shown in the place of a secret."""

_SECRET_NAME = re.compile(r"(^|_)(key|secret|password|token|credentials?|connection_string)$", re.IGNORECASE)
"""Settings of stores whose values are secrets: ``secret_key``, ``token``, not ``token_length``."""


_LOGIN_IN_CODE = re.compile(r"(?<=://)(?:[^\s:/@'\"]*:)[^\s@'\"]+(?=@)")


def hide_login(line: str) -> str:
    """Return a line of a program without the users and passwords of the addresses in it."""
    return _LOGIN_IN_CODE.sub("…", line)


def hide_password(url: str | None) -> str | None:
    """Return an address with three asterisks for its password."""
    # Up to the last @ of all, so that nothing is left of a password that was not percent-encoded.
    return None if url is None else re.sub(r"(?<=://)([^:/]*):.*@", rf"\1:{HIDDEN}@", url, flags=re.DOTALL)


def hide_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a store with three asterisks for each value that is a secret by its name, at any depth."""
    return {name: _hidden(name, value) for name, value in settings.items()}


def is_secret(name: str) -> bool:
    """Tell whether a setting of a store is a secret by its name."""
    return _SECRET_NAME.search(name) is not None


def _hidden(name: str, value: Any) -> Any:
    if is_secret(name) and value is not None:
        return HIDDEN
    if isinstance(value, Mapping):
        return hide_secrets(value)
    return hide_password(value) if isinstance(value, str) else value


class Secret(str):
    """A text that is a secret: it is as any text, but a display of it shows none."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(HIDDEN)
