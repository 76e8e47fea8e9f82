"""What goes wrong with what djnb finds around it: settings, packages, programs."""

from __future__ import annotations

from djnb.errors.base import DataJointError


class SettingsError(DataJointError):
    """A setting has a name or a value that is not accepted."""


class MissingPackageError(DataJointError, ModuleNotFoundError):
    """An optional package is not installed; the message has the command that installs it."""


class MissingProgramError(DataJointError):
    """A program is not installed; the message says how it can be."""


class CompatError(DataJointError):
    """djnb cannot take the place of DataJoint in this process."""
