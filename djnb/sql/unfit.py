"""What is raised for a value that does not fit."""

from __future__ import annotations


class UnfitError(ValueError):
    """A value does not fit; the text says why, without the attribute's name. Callers add that."""
