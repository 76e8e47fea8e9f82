"""
The settings of djnb: one documented attribute each, in four groups.

Where a setting comes from, the first that has it:

1. ``with config.override(display__limit=5):``, for the block and its thread only;
2. an assignment, ``config.display.limit = 5`` or ``config["display.limit"] = 5``;
3. the environment, ``DJNB_DISPLAY__LIMIT`` or ``DJNB_DISPLAY_LIMIT``;
4. the file ``djnb.toml``, looked for from the working directory upward, as far as the first folder with a ``.git``;
5. the default.

Names and values are checked wherever they come from, and a password is never shown.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_serializer
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as SourceError

from djnb.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource

FILE_NAME = "djnb.toml"
ENVIRONMENT_PREFIX = "DJNB_"


class _Place(NamedTuple):
    """Where one setting is kept: the object and the attribute."""

    group: int
    name: str


# What override() has put over the settings, for the current thread or task only.
_overrides: ContextVar[Mapping[_Place, Any]] = ContextVar("djnb_setting_overrides")


class _UnknownSettingError(SettingsError, AttributeError):
    """A setting of this name does not exist; an AttributeError too, so that ``hasattr`` and completion work."""


class _Group(BaseModel):
    """Settings that are read through what override() put over them, and checked when assigned."""

    model_config = ConfigDict(validate_assignment=True, extra="forbid", hide_input_in_errors=True)
    prefix: ClassVar[str] = ""

    def __getattribute__(self, name: str) -> Any:
        over = _overrides.get(None)
        if over:
            place = _Place(id(self), name)
            if place in over:
                return over[place]
        return super().__getattribute__(name)

    # Hidden from the type checker, which then finds misspelt settings by itself.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                return super().__getattr__(name)
            raise self._unknown(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
            return
        field = type(self).model_fields.get(name)
        if field is None:
            raise self._unknown(name)
        if isinstance(self.__dict__.get(name), _Group):
            first = next(iter(type(self.__dict__[name]).model_fields))
            raise SettingsError(
                f"`{name}` is a group of settings and cannot be replaced.",
                remedy=f"Assign one of its settings, as in `config.{name}.{first} = …`.",
            )
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise _refused(self.prefix + name, value, error) from None

    def _unknown(self, name: str) -> SettingsError:
        return _unknown(self.prefix + name, _UnknownSettingError)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        for name in type(self).model_fields:
            yield name, _shown(self.prefix + name, getattr(self, name))

    def _checked(self, name: str, value: Any) -> Any:
        """Return the value as an assignment would store it, without storing it."""
        probe = self.model_copy()
        setattr(probe, name, value)
        return probe.__dict__[name]


class Database(_Group):
    """Where the database is and how to reach it."""

    prefix: ClassVar[str] = "database."

    url: str | None = Field(
        default=None,
        description="Address of the database: `sqlite:///pipeline.sqlite` or `mysql://user@host:3306`. "
        "Without it, `database.host` counts, and without that the file `djnb.sqlite` in the working directory.",
    )
    host: str | None = Field(default=None, description="Name or address of a MySQL or MariaDB server.")
    port: int = Field(default=3306, ge=1, le=65535, description="TCP port of the server.")
    user: str | None = Field(default=None, description="Account on the server.")
    password: SecretStr | None = Field(default=None, description="Password of the account; never shown.")
    use_tls: bool | None = Field(
        default=None,
        description="True requires encryption, False forbids it, None encrypts where the server offers it. "
        "The server's certificate is not checked.",
    )
    reconnect: bool = Field(
        default=True, description="Connect again by itself after a lost connection, unless a transaction was open."
    )

    @field_serializer("url")
    def _without_password(self, url: str | None) -> str | None:
        return hide_password(url)


class Display(_Group):
    """How a table or a query is shown."""

    prefix: ClassVar[str] = "display."

    limit: int = Field(default=12, ge=1, description="Most rows in a preview.")
    width: int = Field(default=40, ge=4, description="Most characters in a cell of a preview.")
    show_row_count: bool = Field(
        default=True, description="Show under a preview how many rows there are in all; costs one more statement."
    )


class Jobs(_Group):
    """How computed tables are declared and filled."""

    prefix: ClassVar[str] = "jobs."

    allow_new_pk_fields_in_computed_tables: bool = Field(
        default=False,
        description="Let Imported and Computed tables have primary key attributes that no foreign key brings.",
    )


class Config(_Group, BaseSettings):
    """
    All settings, as ``config.display.limit`` or ``config["display.limit"]``.

    The settings are read from the environment and from ``djnb.toml`` when the object is made.

    Raises
    ------
    SettingsError
        The environment or the file has a name or a value that is not accepted; the message says where it stands.
    """

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", env_ignore_empty=True)

    database: Database = Field(default_factory=Database, description="Where the database is.")
    display: Display = Field(default_factory=Display, description="How tables are shown.")
    jobs: Jobs = Field(default_factory=Jobs, description="How computed tables are filled.")
    safemode: bool = Field(default=True, description="Ask before rows are deleted and tables are dropped.")
    semantic_check: Literal["warn", "error", "off"] = Field(
        default="warn",
        description="What a join does with namesakes of different origin: `warn`, `error`, or `off` to join them.",
    )

    def __init__(self) -> None:
        file = find_file()
        try:
            super().__init__()
        except ValidationError as error:
            raise _refused_source(error, file) from None
        except SourceError as error:
            raise SettingsError(
                f"The environment's settings cannot be read: {error}.",
                remedy="Give each setting a variable of its own, as in DJNB_DISPLAY__LIMIT=12.",
            ) from None
        except (OSError, ValueError) as error:  # unreadable, not TOML, not UTF-8
            raise SettingsError(
                f"`{file}` cannot be read: {error}.", remedy="Mend the file, or move it away."
            ) from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the environment and the file, in this order."""
        return _Environment(settings_cls), TomlConfigSettingsSource(settings_cls, toml_file=find_file())

    def __getitem__(self, name: str) -> Any:
        group, attribute = self._locate(name)
        return getattr(group, attribute)

    def __setitem__(self, name: str, value: Any) -> None:
        group, attribute = self._locate(name)
        setattr(group, attribute, value)

    @contextmanager
    def override(self, settings: Mapping[str, Any] | None = None, /, **named: Any) -> Iterator[None]:
        """
        Change settings for the length of a ``with`` block, in the thread that runs it.

        Parameters
        ----------
        settings : mapping, optional
            Values by dotted name, ``{"display.limit": 5}``.
        **named
            Values by name with two underscores for the dot, ``display__limit=5``.

        Raises
        ------
        SettingsError
            A name or a value is not accepted; then nothing is changed.

        Examples
        --------
        >>> from djnb.settings import get_config
        >>> config = get_config()
        >>> with config.override(display__limit=3, semantic_check="error"):
        ...     print(config.display.limit)
        3
        """
        asked = {**(settings or {}), **{name.replace("__", "."): value for name, value in named.items()}}
        over = dict(_overrides.get({}))
        for name, value in asked.items():
            group, attribute = self._locate(name)
            over[_Place(id(group), attribute)] = group._checked(attribute, value)
        token = _overrides.set(over)
        try:
            yield
        finally:
            _overrides.reset(token)

    def _locate(self, name: str) -> tuple[_Group, str]:
        """Return the group that holds a setting and the attribute's name in it."""
        group: _Group = self
        *parts, attribute = name.split(".")
        for part in parts:
            inner = group.__dict__.get(part)
            if not isinstance(inner, _Group):
                raise _unknown(name)
            group = inner
        if attribute not in type(group).model_fields:
            raise _unknown(name)
        return group, attribute

    def _ipython_key_completions_(self) -> list[str]:
        return list(SETTINGS)

    def __repr__(self) -> str:
        """Return all settings as they stand, one a line; passwords are masked."""
        lines = [f"    {name} = {_shown(name, self[name])!r}" for name in SETTINGS]
        return "Config(\n" + "\n".join(lines) + "\n)"

    __str__ = __repr__


def _setting_names(group: type[_Group]) -> Iterator[str]:
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, _Group):
            yield from _setting_names(kind)
        else:
            yield group.prefix + name


SETTINGS: tuple[str, ...] = tuple(_setting_names(Config))
"""The names of all settings, dotted."""

_VARIABLES: dict[str, str] = {
    spelling: name
    for name in SETTINGS
    for spelling in (name.upper().replace(".", "_"), name.upper().replace(".", "__"))
}
"""The names of the settings by the names of their environment variables, without the prefix."""


class _Environment(EnvSettingsSource):
    """The environment, where a group and its setting may be joined by one underscore as well as by two."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        prefix = ENVIRONMENT_PREFIX.lower()
        variables: dict[str, str | None] = {}
        for variable, value in self.env_vars.items():
            if not variable.lower().startswith(prefix):
                continue
            short = variable[len(prefix) :].upper()
            if short not in _VARIABLES:
                _check_variable(short)
            # The spelling with two underscores is the one that the base class splits; where both are set, it counts.
            full = prefix + _VARIABLES.get(short, short).lower().replace(".", "__")
            if full == variable.lower() or full not in variables:
                variables[full] = value
        self.env_vars = variables


def _check_variable(short: str) -> None:
    """Refuse a variable that is nearly a setting; others may have names that begin with DJNB_ for other programs."""
    near = get_close_matches(short, list(_VARIABLES), n=1, cutoff=0.8)
    group, joined, _ = short.lower().partition("__")
    if group in Config.model_fields and not joined:
        return  # a whole group, as JSON
    if near or group in Config.model_fields:
        suggestion = f"Did you mean {ENVIRONMENT_PREFIX}{near[0]}? " if near else ""
        raise SettingsError(
            f"The environment variable {ENVIRONMENT_PREFIX}{short} names no setting of djnb.",
            remedy=f"{suggestion}The settings are: {', '.join(SETTINGS)}.",
        )


def find_file() -> Path | None:
    """Return the nearest ``djnb.toml`` from the working directory up to the first folder with a ``.git``, or None."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / FILE_NAME
        if file.is_file():
            return file
        if (folder / ".git").exists():
            return None
    return None


def hide_password(url: str | None) -> str | None:
    """Return an address with three asterisks for its password."""
    # Up to the last @ of all, so that nothing is left of a password that was not percent-encoded.
    return None if url is None else re.sub(r"(?<=://)([^:/]*):.*@", r"\1:***@", url, flags=re.DOTALL)


def _shown(name: str, value: Any) -> Any:
    """Return a setting's value as it may be shown."""
    return hide_password(value) if name == "database.url" and isinstance(value, str) else value


def _unknown(name: str, kind: type[SettingsError] = SettingsError, *, where: str = "") -> SettingsError:
    """Build the error for a name that no setting has."""
    return kind(
        f"There is no setting `{name}`{where}.",
        remedy=f"{did_you_mean(name, SETTINGS)}There are: {', '.join(SETTINGS)}.",
    )


def _refused(name: str, value: Any, error: ValidationError, *, where: str = "") -> SettingsError:
    """Build the error for a value from pydantic's reason; it repeats no value that may hold a secret."""
    given = "the value given" if name.startswith("database") else repr(value)
    reason = error.errors(include_input=False, include_url=False)[0]["msg"]
    return SettingsError(
        f"`{name}` cannot be {given}{where}: {reason[0].lower()}{reason[1:]}.",
        remedy=f"It means: {_description(name)}",
    )


def _refused_source(error: ValidationError, file: Path | None) -> SettingsError:
    """Build the error for a name or a value of the environment or of the file; it says which of the two has it."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    # Of two spellings the one with two underscores counts; _VARIABLES has it last.
    variables = [v for v, setting in _VARIABLES.items() if setting == name and os.environ.get(ENVIRONMENT_PREFIX + v)]
    where = f" in the environment variable {ENVIRONMENT_PREFIX}{variables[-1]}" if variables else f" in {file}"
    if first["type"] == "extra_forbidden":
        return _unknown(name, where=where)
    return _refused(name, first["input"], error, where=where)


def _description(name: str) -> str:
    """Return what a setting, or a group of settings, means."""
    group: type[_Group] = Config
    *parts, attribute = name.split(".")
    for part in parts:
        group = cast(type[_Group], group.model_fields[part].annotation)
    return group.model_fields[attribute].description or ""


_config: Config | None = None
_config_lock = threading.Lock()


def get_config() -> Config:
    """
    Return the settings of this process; the environment and the file are read at the first call.

    Raises
    ------
    SettingsError
        The environment or the file has a name or a value that is not accepted.
    """
    global _config
    with _config_lock:
        if _config is None:
            _config = Config()
        return _config
