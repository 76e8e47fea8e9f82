"""
What the settings of a store mean. Their names are those of DataJoint 0.14 and 2.

>>> read_settings("main", {"protocol": "file", "location": "/data/store"}).location
'/data/store'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from djnb.errors import SettingsError, did_you_mean


class StoreSettings(BaseModel):
    """The settings of one store, checked. Its text has no keys, tokens or passwords."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    protocol: str = Field(
        description="`file`, `s3`, or another protocol of fsspec: `gcs`, `azure`, `sftp`, `memory`, …"
    )
    location: str = Field(default="", description="The folder of the store; on a server, within the bucket.")
    bucket: str | None = Field(default=None, description="The bucket of `s3` and `gcs`.")
    container: str | None = Field(default=None, description="The container of `azure`.")
    endpoint: str | None = Field(default=None, description="Host and port of the server of `s3`; AWS's own without it.")
    secure: bool = Field(default=True, description="Whether `s3` goes over https.")
    proxy_server: str | None = Field(default=None, description="A proxy on the way to `s3`.")
    project: str | None = Field(default=None, description="The project of `gcs`.")
    account_name: str | None = Field(default=None, description="The account of `azure`.")
    access_key: SecretStr | None = Field(default=None, description="The access key of `s3`; never shown.")
    secret_key: SecretStr | None = Field(default=None, description="The secret key of `s3`; never shown.")
    token: SecretStr | None = Field(default=None, description="The credentials of `gcs`; never shown.")
    account_key: SecretStr | None = Field(default=None, description="The key of `azure`; never shown.")
    connection_string: SecretStr | None = Field(default=None, description="The address of `azure`; never shown.")
    options: dict[str, Any] = Field(
        default_factory=dict, description="Further arguments of fsspec's driver; never shown."
    )
    subfolding: tuple[int, ...] | None = Field(
        default=None, description="Lengths of the folders' names over files that are named by their hash, `[2, 2]`."
    )
    stage: str | None = Field(default=None, description="The local folder whose files `filepath` attributes copy.")
    hash_prefix: str = Field(default="_hash", description="The folder of files that are named by their hash.")
    schema_prefix: str = Field(default="_schema", description="The folder of files that are named by their row.")
    filepath_prefix: str | None = Field(default=None, description="The folder where `filepath` attributes must point.")
    partition_pattern: str | None = Field(
        default=None, description="Attributes that come first in a path, `{subject_id}/{session_date}`."
    )
    token_length: int = Field(default=8, description="Random characters in the name of a file, 4 to 16.")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name in type(self).model_fields:
            if name in self.model_fields_set and name != "options":
                yield name, getattr(self, name)


_NEEDED = {"file": "location", "s3": "bucket", "gcs": "bucket", "gs": "bucket", "azure": "container"}
"""What a protocol cannot do without."""


def read_settings(name: str, settings: Mapping[str, Any]) -> StoreSettings:
    """
    Return the settings of a store.

    Raises
    ------
    SettingsError
        A name or a value is not accepted, one that the protocol needs is missing, or two contradict each other.
        The message repeats no value that may be a secret.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if given.get("proxy_server") == "":
        del given["proxy_server"]
    try:
        read = StoreSettings(**given)
    except ValidationError as error:
        raise _refused(name, error) from None
    needed = _NEEDED.get(read.protocol)
    if needed is not None and not getattr(read, needed):
        raise _missing(name, needed, f", which the protocol `{read.protocol}` needs")
    if (read.access_key is None) != (read.secret_key is None):
        raise SettingsError(
            f"The store '{name}' has one of `access_key` and `secret_key`, and not the other.",
            remedy="Give both, or neither to use the credentials of the environment.",
        )
    _check_prefixes(name, read)
    return read


def _check_prefixes(name: str, settings: StoreSettings) -> None:
    prefixes = {n: getattr(settings, n) for n in ("hash_prefix", "schema_prefix", "filepath_prefix")}
    folders = [(n, text.strip("/") + "/") for n, text in prefixes.items() if text]
    for outer, folder in folders:
        for inner, other in folders:
            if inner != outer and other.startswith(folder):
                raise SettingsError(
                    f"In the store '{name}', `{inner}` ('{prefixes[inner]}') lies within "
                    f"`{outer}` ('{prefixes[outer]}').",
                    remedy="Give them folders side by side.",
                )


def _missing(store: str, setting: str, reason: str = "") -> SettingsError:
    return SettingsError(f"The store '{store}' has no `{setting}`{reason}.", remedy=_meaning(setting))


def _meaning(setting: str) -> str:
    return f"It means: {StoreSettings.model_fields[setting].description}"


def _refused(store: str, error: ValidationError) -> SettingsError:
    """Build the error from pydantic's reason."""
    names = list(StoreSettings.model_fields)
    first = error.errors(include_input=False, include_url=False)[0]
    setting = str(first["loc"][0])
    if first["type"] == "missing":
        return _missing(store, setting)
    if setting not in names:
        return SettingsError(
            f"The store '{store}' cannot have a setting `{setting}`.",
            remedy=f"{did_you_mean(setting, names)}There are: {', '.join(names)}. "
            "Other arguments of fsspec's driver go into `options`.",
        )
    reason = first["msg"]
    return SettingsError(
        f"The store '{store}' cannot have this `{setting}`: {reason[0].lower()}{reason[1:]}.",
        remedy=_meaning(setting),
    )
