"""
The settings of djnb: one documented attribute each, in groups.

Where a setting comes from, the first that has it:

1. ``with config.override(display__limit=5):``, for the block and its thread only;
2. an assignment, ``config.display.limit = 5`` or ``config["display.limit"] = 5``;
3. the environment, ``DJNB_DISPLAY__LIMIT`` or ``DJNB_DISPLAY_LIMIT``, then DataJoint's ``DJ_HOST`` and its likes;
4. the file ``djnb.toml``, looked for from the working directory upward, as far as the first folder with a ``.git``;
   then DataJoint's files, in the order that `djnb.settings.datajoint` tells; they are read, never written;
5. the default.

Where a server is and how it lets in are taken from one place: a source that names another server gives nothing of it.

Names and values are checked wherever they come from, and a password is never shown.
"""

from __future__ import annotations

import threading

from djnb.settings.config import SETTINGS, Config
from djnb.settings.secrets import hide_password

__all__ = ["SETTINGS", "Config", "get_config", "hide_password"]

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
