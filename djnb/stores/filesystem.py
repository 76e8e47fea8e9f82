"""From the settings of a store to fsspec's driver, and to the folder within it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from djnb.errors import MissingPackageError, SettingsError, StoreError
from djnb.stores.settings import StoreSettings

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_PROTOCOLS = {"azure": "abfs", "local": "file"}
"""What DataJoint calls otherwise than fsspec."""

_PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gcs": "gcsfs", "gs": "gcsfs", "abfs": "adlfs", "az": "adlfs",
    "sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol", "hdfs": "pyarrow", "webdav": "webdav4",
}  # fmt: skip

_WRITES_WHOLE = frozenset({"s3", "s3a", "gcs", "gs", "abfs", "az", "adl"})
"""A file is there when all of it has arrived; elsewhere, it is written under another name and moved into place."""


def open_filesystem(name: str, settings: StoreSettings) -> AbstractFileSystem:
    """
    Return fsspec's driver for a store.

    Raises
    ------
    SettingsError
        fsspec knows no such protocol.
    MissingPackageError
        The protocol's own package is not installed.
    StoreError
        The driver does not accept the settings.
    """
    import fsspec

    protocol = protocol_of(settings)
    try:
        kind = fsspec.get_filesystem_class(protocol)
    except ValueError:
        raise SettingsError(
            f"The store '{name}' has the protocol `{settings.protocol}`, which fsspec does not know.",
            remedy="Write `file` for a folder, `s3`, or another protocol of fsspec; `fsspec.available_protocols()` "
            "lists them.",
        ) from None
    except ImportError as error:
        package = _PACKAGES.get(protocol, "")
        command = f"Run `pip install {package}`." if package else f"fsspec says: {error}"
        raise MissingPackageError(
            f"The store '{name}' has the protocol `{settings.protocol}`, whose package is not installed.",
            remedy=command,
        ) from error
    try:
        return kind(**_arguments(protocol, settings))
    except (TypeError, ValueError, OSError) as error:
        # The arguments hold keys, so the driver's message is not repeated, and its frames are not shown.
        raise StoreError(
            f"The store '{name}' cannot be opened: fsspec's driver for `{settings.protocol}` does not accept its "
            f"settings ({type(error).__name__}).",
            remedy="Compare the settings and `options` with the driver's documentation.",
        ) from None


def protocol_of(settings: StoreSettings) -> str:
    """Return the protocol as fsspec calls it."""
    return _PROTOCOLS.get(settings.protocol, settings.protocol)


def writes_whole(settings: StoreSettings) -> bool:
    """Tell whether a file appears only when all of it is written."""
    return protocol_of(settings) in _WRITES_WHOLE


def root_of(settings: StoreSettings) -> str:
    """Return the folder of a store as the driver names it."""
    place = settings.location.replace("\\", "/") if settings.protocol != "file" else settings.location
    bucket = settings.bucket or settings.container
    if bucket:
        return "/".join(part for part in (bucket, place.strip("/")) if part)
    return place.rstrip("/") or place


def _arguments(protocol: str, settings: StoreSettings) -> dict[str, Any]:
    def plain(name: str) -> str | None:
        secret = getattr(settings, name)
        return None if secret is None else str(secret.get_secret_value())

    given: dict[str, Any] = {}
    if protocol in ("s3", "s3a"):
        given = {"key": plain("access_key") or None, "secret": plain("secret_key") or None}
        client: dict[str, Any] = {}
        if settings.endpoint:
            has_scheme = settings.endpoint.startswith(("http://", "https://"))
            scheme = "" if has_scheme else "https://" if settings.secure else "http://"
            client["endpoint_url"] = scheme + settings.endpoint
        if settings.proxy_server:
            given["config_kwargs"] = {"proxies": dict.fromkeys(("http", "https"), settings.proxy_server)}
        given["client_kwargs"] = client
        # Whoever writes reads at once, and other processes write too: no listing is kept.
        given["use_listings_cache"] = False
    elif protocol in ("gcs", "gs"):
        given = {"token": plain("token"), "project": settings.project, "use_listings_cache": False}
    elif protocol in ("abfs", "az"):
        given = {name: plain(name) for name in ("account_key", "connection_string")}
        given["account_name"] = settings.account_name
    return {**{key: value for key, value in given.items() if value is not None}, **settings.options}
