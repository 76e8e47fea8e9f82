"""How long a key takes, as far as that is known, and how many fit into a time."""

from __future__ import annotations

from dataclasses import dataclass

_WEIGHT = 0.3
"""What the last key counts beside all before it: keys of one table mostly take alike, and change slowly."""

_SHORTEST = 1e-6

_SHORT = 0.05
"""Keys that take less than these seconds are short: what is kept of several costs little to compute again."""


@dataclass(frozen=True)
class Pace:
    """
    How long keys take.

    Attributes
    ----------
    seconds : float or None
        For one key, the last ones counting most; None before the first one.
    """

    seconds: float | None = None

    def after(self, seconds: float) -> Pace:
        """Return the pace after one more key, which took so many seconds."""
        return Pace(seconds if self.seconds is None else (1 - _WEIGHT) * self.seconds + _WEIGHT * seconds)

    def fitting(self, seconds: float) -> int:
        """Return how many keys fit into so many seconds: at least one, and one as long as nothing is known."""
        return 1 if self.seconds is None else max(1, int(seconds / max(self.seconds, _SHORTEST)))

    @property
    def is_short(self) -> bool:
        """Whether keys are known to take moments only."""
        return self.seconds is not None and self.seconds < _SHORT
