"""All settings, and where their values come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    ValidationError,
    create_model,
)
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as SourceError

from djnb.errors import SettingsError, SettingWithoutEffectWarning, warn_user
from djnb.settings import datajoint
from djnb.settings.environment import ENVIRONMENT_PREFIX, Environment, refused_source
from djnb.settings.files import find_file
from djnb.settings.group import Group, Place, overrides, setting_names, shown, unknown
from djnb.settings.groups import Database, Display, Jobs
from djnb.settings.secrets import Secret
from djnb.settings.sources import nested, without_other_servers
from djnb.settings.stores import Stores, as_stores

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource


_STORES = "stores."
"""How the names of settings of stores begin, ``stores.main.location``."""


class Config(Group, BaseSettings):
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
    stores: Annotated[Stores, PlainValidator(as_stores), PlainSerializer(Stores.masked)] = Field(
        default_factory=Stores, description="Where files that belong to rows are kept: settings by the store's name."
    )
    download_path: Path = Field(default=Path(), description="Folder in which fetched attachments are put.")
    semantic_check: Literal["warn", "error", "off"] = Field(
        default="warn",
        description="What a join does with namesakes of different origin: `warn`, `error`, or `off` to join them.",
    )
    fetch_format: Literal["array", "frame"] = Field(
        default="array", description="What `fetch` gives of whole rows: a structured array, or a DataFrame."
    )

    custom: dict[str, Any] = Field(
        default_factory=dict, description="Room for the settings of pipelines themselves; djnb reads nothing of it."
    )
    _foreign: dict[str, Any] = PrivateAttr(default_factory=dict)
    """What DataJoint's files and variables have that djnb does not know."""

    def __init__(self) -> None:
        file = find_file()
        try:
            super().__init__()
        except ValidationError as error:
            raise refused_source(type(self), error, file) from None
        except SourceError as error:
            raise SettingsError(
                f"The environment's settings cannot be read: {error}.",
                remedy="Give each setting a variable of its own, as in DJNB_DISPLAY__LIMIT=12.",
            ) from None
        except (OSError, ValueError) as error:  # unreadable, not TOML, not UTF-8
            raise SettingsError(
                f"`{file}` cannot be read: {error}.", remedy="Mend the file, or move it away."
            ) from error
        check = partial(_problem, type(self))
        for source in reversed([datajoint.environment(), *datajoint.files()]):
            self._foreign.update(datajoint.accepted(source, check)[1])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the environment and the files, djnb's own before DataJoint's."""
        own_file = TomlConfigSettingsSource(settings_cls, toml_file=find_file())
        check = partial(_problem, settings_cls)
        foreign = [
            nested(datajoint.accepted(source, check)[0]) for source in (datajoint.environment(), *datajoint.files())
        ]
        sources = without_other_servers([Environment(settings_cls, SETTINGS)(), foreign[0], own_file(), *foreign[1:]])
        return tuple(InitSettingsSource(settings_cls, init_kwargs=source) for source in sources)

    def __getitem__(self, name: str) -> Any:
        if name in self._foreign:
            return self._foreign[name]
        if name in datajoint.WITHOUT_EFFECT:
            return datajoint.WITHOUT_EFFECT[name][0]
        if name.startswith(_STORES):
            return self.stores.at(name.removeprefix(_STORES))
        group, attribute = self._locate(name)
        value = getattr(group, attribute)
        # A program that asks for the password by its name wants the text; a display of it still shows none.
        return Secret(value.get_secret_value()) if isinstance(value, SecretStr) else value

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self._foreign or name in datajoint.WITHOUT_EFFECT:
            _tell_without_effect(name, value)
            self._foreign[name] = value
            return
        if name.startswith(_STORES):
            self.stores.put(name.removeprefix(_STORES), value)
            return
        group, attribute = self._locate(name)
        setattr(group, attribute, value)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a setting by its dotted name, or the default if there is no such setting."""
        if name not in self:
            return default
        return self[name]

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and name.startswith(_STORES):
            try:
                self[name]
            except SettingsError:
                return False
            return True
        known = (*SETTINGS, *datajoint.ALIASES, *datajoint.WITHOUT_EFFECT, *self._foreign)
        return name in known

    def update(self, settings: Mapping[str, Any]) -> None:
        """Assign several settings by their dotted names."""
        for name, value in settings.items():
            self[name] = value

    def save_local(self, *_: Any, **__: Any) -> NoReturn:
        """
        Refuse to write settings: a file that a program writes for all others is edited by hand.

        Raises
        ------
        SettingsError
            Always; it says where settings are kept.
        """
        raise SettingsError(
            "djnb reads files of settings and writes none.",
            remedy="Write what is to stay into `djnb.toml` in the working directory or above it, such as "
            "`[database]` and `host = 'server.lab'`; give the password by DJNB_DATABASE_PASSWORD in the environment.",
        )

    save_global = save = save_template = save_local

    def __call__(self, **settings: Any) -> AbstractContextManager[None]:
        """Change settings for the length of a ``with`` block, as `override` does; ``config(safemode=False)``."""
        return self.override(settings)

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
        over = dict(overrides.get({}))
        for name, value in asked.items():
            if name in datajoint.WITHOUT_EFFECT:
                _tell_without_effect(name, value)
                continue
            if name.startswith(_STORES):
                place = Place(id(self), "stores")
                stores = deepcopy(over.get(place, self.stores))
                stores.put(name.removeprefix(_STORES), value)
                over[place] = stores
                continue
            group, attribute = self._locate(name)
            over[Place(id(group), attribute)] = group._checked(attribute, value)
        token = overrides.set(over)
        try:
            yield
        finally:
            overrides.reset(token)

    def _locate(self, name: str) -> tuple[Group, str]:
        """Return the group that holds a setting and the attribute's name in it."""
        group: Group = self
        name = datajoint.ALIASES.get(name, name)
        *parts, attribute = name.split(".")
        for part in parts:
            inner = group.__dict__.get(part)
            if not isinstance(inner, Group):
                raise unknown(name, SETTINGS)
            group = inner
        if attribute not in type(group).model_fields:
            raise unknown(name, SETTINGS)
        return group, attribute

    def _ipython_key_completions_(self) -> list[str]:
        return list(SETTINGS)

    def __repr__(self) -> str:
        """Return all settings as they stand, one a line; passwords are masked."""
        lines = [f"    {name} = {shown(name, self[name])!r}" for name in SETTINGS]
        return "Config(\n" + "\n".join(lines) + "\n)"

    __str__ = __repr__


SETTINGS: tuple[str, ...] = setting_names(Config)
"""The names of all settings, dotted."""


def _problem(config: type[BaseModel], name: str, value: Any) -> str | None:
    """Return why a value of DataJoint's cannot be taken, an empty text for an unknown name, else None."""
    group: type[BaseModel] = config
    *parts, attribute = name.split(".")
    for part in parts:
        kind = group.model_fields[part].annotation if part in group.model_fields else None
        if not (isinstance(kind, type) and issubclass(kind, Group)):
            return ""
        group = kind
    field = group.model_fields.get(attribute)
    if field is None or name not in SETTINGS:
        return ""
    settings = ConfigDict(arbitrary_types_allowed=True, hide_input_in_errors=True)
    try:
        create_model("Probe", __config__=settings, value=cast(Any, (field.annotation, field)))(value=value)
    except ValidationError as error:
        return str(error.errors(include_input=False, include_url=False)[0]["msg"])
    return None


def _tell_without_effect(name: str, value: Any) -> None:
    """Warn of a setting of DataJoint's that asks for something else than what djnb does."""
    if name in datajoint.WITHOUT_EFFECT and value != datajoint.WITHOUT_EFFECT[name][0]:
        reason = datajoint.WITHOUT_EFFECT[name][1]
        warn_user(f"The setting `{name}` has no effect in djnb: {reason}.", SettingWithoutEffectWarning)
