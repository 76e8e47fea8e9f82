"""Hashes of content, and the names of files in a store, as DataJoint 2 forms them."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from djnb.errors import StoreError

TOKEN_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

_UNSAFE = frozenset('/\\:*?"<>|')
_LONGEST_VALUE = 100


def hash_of(content: bytes) -> str:
    """Return the MD5 of content in base 32, lower case: 26 characters."""
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()


def hash_path(digest: str, schema: str, *, prefix: str, folds: Sequence[int] | None = None) -> str:
    """Return the path of a file that is named by its hash: ``_hash/lab/ab/cd/abcd…`` for folds of (2, 2)."""
    return "/".join([*_parts(prefix), schema, *subfolders(digest, folds or ()), digest])


def subfolders(name: str, folds: Sequence[int]) -> list[str]:
    """Return the names of the folders over a file: its own name's first letters, then the next."""
    found, start = [], 0
    for length in folds:
        found.append(name[start : start + length].lower())
        start += length
    return found


def object_path(
    schema: str,
    table: str,
    attribute: str,
    key: Mapping[str, Any],
    *,
    prefix: str,
    extension: str | None = None,
    partition_pattern: str | None = None,
    token_length: int = 8,
) -> tuple[str, str]:
    """
    Return the path of a file that belongs to one row, and the random token in it.

    It is ``{prefix}/{partition}/{schema}/{table}/{name}={value}/…/{attribute}_{token}{extension}``; the attributes of
    the partition pattern come first, the others of the primary key follow the table.
    """
    token = make_token(token_length)
    first = [name for name in re.findall(r"\{(\w+)\}", partition_pattern or "") if name in key]
    rest = [name for name in key if name not in first]
    suffix = f".{extension.lstrip('.')}" if extension else ""
    folders = [
        *_parts(prefix),
        *(f"{name}={key_text(key[name])}" for name in first),
        schema,
        table,
        *(f"{name}={key_text(key[name])}" for name in rest),
    ]
    return "/".join([*folders, f"{attribute}_{token}{suffix}"]), token


def owner_of(path: str, *, hash_prefix: str, schema_prefix: str) -> tuple[str, str] | None:
    """
    Return the schema that a file belongs to, and the path that its row records; None if the path does not tell.

    For a file in the folder of an object, that path is the folder's.
    """
    hashed, placed = (f"{prefix.strip('/')}/" for prefix in (hash_prefix, schema_prefix))
    if len(hashed) > 1 and path.startswith(hashed):
        schema, _, rest = path[len(hashed) :].partition("/")
        return (schema, path) if rest else None
    if len(placed) > 1 and path.startswith(placed):
        parts = path.split("/")
        start = placed.count("/")
        while start < len(parts) and "=" in parts[start]:  # the partition
            start += 1
        end = start + 2
        while end < len(parts) - 1 and "=" in parts[end]:  # the key
            end += 1
        return (parts[start], "/".join(parts[: end + 1])) if end < len(parts) else None
    return None


def make_token(length: int = 8) -> str:
    """Return random characters that a file's name and an address may hold; 4 to 16 of them."""
    return "".join(secrets.choice(TOKEN_ALPHABET) for _ in range(max(4, min(16, length))))


def key_text(value: Any) -> str:
    """Return a value of a primary key as it stands in a path."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H-%M-%S")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    if isinstance(value, (int, float)):
        return text
    if len(text) > _LONGEST_VALUE:
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]
        return quote(f"{text[:50]}_{digest}", safe="")
    # A value of dots alone would be another folder.
    if _UNSAFE & set(text) or text in ("", ".", ".."):
        return quote(text, safe="").replace(".", "%2E") if text.strip(".") == "" else quote(text, safe="")
    return text


def check_path(path: str) -> str:
    """
    Return a path within a store, with slashes, if it stays there.

    Raises
    ------
    StoreError
        It is absolute, or leads out of the store.
    """
    spelled = path.replace("\\", "/")
    if spelled.startswith("/") or re.match(r"[A-Za-z]:", spelled) or ".." in spelled.split("/") or "\0" in spelled:
        raise StoreError(
            f"The path '{path}' leads out of the store.",
            remedy="Give a path relative to the store's location, without `..`.",
        )
    return spelled


def _parts(prefix: str) -> list[str]:
    stripped = prefix.strip("/")
    return [stripped] if stripped else []
