"""
A group of settings: read through what ``override()`` has put over them, and checked when assigned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from djnb.errors import SettingsError, did_you_mean
from djnb.settings.secrets import hide_password


class Place(NamedTuple):
    """Where one setting is kept: the object and the attribute."""

    group: int
    name: str


# What override() has put over the settings, for the current thread or task only.
overrides: ContextVar[Mapping[Place, Any]] = ContextVar("djnb_setting_overrides")


class UnknownSettingError(SettingsError, AttributeError):
    """A setting of this name does not exist; an AttributeError too, so that ``hasattr`` and completion work."""


class Group(BaseModel):
    """Settings that are read through what override() put over them, and checked when assigned."""

    model_config = ConfigDict(
        validate_assignment=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True
    )
    prefix: ClassVar[str] = ""

    def __getattribute__(self, name: str) -> Any:
        over = overrides.get(None)
        if over:
            place = Place(id(self), name)
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
        if isinstance(self.__dict__.get(name), Group):
            first = next(iter(type(self.__dict__[name]).model_fields))
            raise SettingsError(
                f"`{name}` is a group of settings and cannot be replaced.",
                remedy=f"Assign one of its settings, as in `config.{name}.{first} = …`.",
            )
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise refused(self.prefix + name, value, error, meaning=field.description or "") from None

    def _unknown(self, name: str) -> SettingsError:
        return unknown(self.prefix + name, setting_names(type(self)), UnknownSettingError)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        for name in type(self).model_fields:
            yield name, shown(self.prefix + name, getattr(self, name))

    def _checked(self, name: str, value: Any) -> Any:
        """Return the value as an assignment would store it, without storing it."""
        probe = self.model_copy()
        setattr(probe, name, value)
        return probe.__dict__[name]


def setting_names(group: type[Group]) -> tuple[str, ...]:
    """Return the dotted names of all settings of a group and of the groups in it."""
    names: list[str] = []
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Group):
            names += setting_names(kind)
        else:
            names.append(group.prefix + name)
    return tuple(names)


def meaning(group: type[Group], name: str) -> str:
    """Return what a setting, or a group of settings, means."""
    *parts, attribute = name.split(".")
    for part in parts:
        group = cast(type[Group], group.model_fields[part].annotation)
    return group.model_fields[attribute].description or ""


def shown(name: str, value: Any) -> Any:
    """Return a setting's value as it may be shown."""
    return hide_password(value) if name == "database.url" and isinstance(value, str) else value


def unknown(
    name: str, available: tuple[str, ...], kind: type[SettingsError] = SettingsError, *, where: str = ""
) -> SettingsError:
    """Build the error for a name that no setting has."""
    return kind(
        f"There is no setting `{name}`{where}.",
        remedy=f"{did_you_mean(name, available)}There are: {', '.join(available)}.",
    )


def refused(name: str, value: Any, error: ValidationError, *, meaning: str, where: str = "") -> SettingsError:
    """Build the error for a value from pydantic's reason; it repeats no value that may hold a secret."""
    given = "the value given" if name.partition(".")[0] in {"database", "stores"} else repr(value)
    reason = error.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
    return SettingsError(
        f"`{name}` cannot be {given}{where}: {reason[0].lower()}{reason[1:]}.", remedy=f"It means: {meaning}"
    )
