"""The environment: which variable stands for which setting."""

from __future__ import annotations

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource

from djnb.errors import SettingsError
from djnb.settings.group import Group, meaning, refused, setting_names, unknown

ENVIRONMENT_PREFIX = "DJNB_"

_MAPPINGS = frozenset({"STORES"})
"""Settings whose entries may have variables of their own, ``DJNB_STORES__MAIN__LOCATION``."""


def variables(names: Iterable[str]) -> dict[str, str]:
    """Return the names of the settings by the names of their environment variables, without the prefix."""
    return {
        spelling: name
        for name in names
        for spelling in (name.upper().replace(".", "_"), name.upper().replace(".", "__"))
    }


class Environment(EnvSettingsSource):
    """The environment, where a group and its setting may be joined by one underscore as well as by two."""

    def __init__(self, settings_cls: type[BaseSettings], names: tuple[str, ...]) -> None:
        super().__init__(settings_cls)
        prefix = ENVIRONMENT_PREFIX.lower()
        known = variables(names)
        found: dict[str, str | None] = {}
        for variable, value in self.env_vars.items():
            if not variable.lower().startswith(prefix):
                continue
            short = variable[len(prefix) :].upper()
            if short not in known:
                _check_variable(short, known, names, set(settings_cls.model_fields))
            # The spelling with two underscores is the one that the base class splits; where both are set, it counts.
            full = prefix + known.get(short, short).lower().replace(".", "__")
            if full == variable.lower() or full not in found:
                found[full] = value
        self.env_vars = found


def _check_variable(short: str, known: dict[str, str], names: tuple[str, ...], groups: set[str]) -> None:
    """Refuse a variable that is nearly a setting; others may have names that begin with DJNB_ for other programs."""
    near = get_close_matches(short, list(known), n=1, cutoff=0.8)
    group, joined, _ = short.partition("__")
    if group in _MAPPINGS or (group.lower() in groups and not joined):
        return  # an entry of a mapping, or a whole group, as JSON
    if near or group.lower() in groups:
        suggestion = f"Did you mean {ENVIRONMENT_PREFIX}{near[0]}? " if near else ""
        raise SettingsError(
            f"The environment variable {ENVIRONMENT_PREFIX}{short} names no setting of djnb.",
            remedy=f"{suggestion}The settings are: {', '.join(names)}.",
        )


def refused_source(config: type[Group], error: ValidationError, file: Path | None) -> SettingsError:
    """Build the error for a name or a value of the environment or of the file; it says which of the two has it."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    names = setting_names(config)
    # Of two spellings the one with two underscores counts; it comes last.
    spellings = [v for v, setting in variables(names).items() if setting == name]
    given = [v for v in spellings if os.environ.get(ENVIRONMENT_PREFIX + v)]
    where = f" in the environment variable {ENVIRONMENT_PREFIX}{given[-1]}" if given else f" in {file}"
    if first["type"] == "extra_forbidden":
        return unknown(name, names, where=where)
    return refused(name, first["input"], error, meaning=meaning(config, name), where=where)
