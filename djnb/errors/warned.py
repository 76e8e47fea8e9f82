"""What users are warned of."""

from __future__ import annotations

import sys
import warnings


class SharedJobsWarning(UserWarning):
    """Two tables of one name have been declared whose jobs would be kept in one place, so that none are kept."""


class LongTransactionWarning(UserWarning):
    """A transaction was open for long after ``make()`` had begun to insert; others had to wait for it."""


class SettingWithoutEffectWarning(UserWarning):
    """A setting of DataJoint's was assigned that djnb takes without acting on it."""


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn of the line of the user's code that led here, which is the first one outside of djnb."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "djnb":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
