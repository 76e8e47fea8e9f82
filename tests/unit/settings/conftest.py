"""Settings that nobody has set, and a file to set them."""

from __future__ import annotations

import pytest

from djnb.settings import Config


@pytest.fixture
def config():
    """Give settings of their own."""
    return Config()


@pytest.fixture
def write_file(tmp_path):
    """Give a function that writes `djnb.toml`."""

    def write(text, folder=tmp_path):
        (folder / "djnb.toml").write_text(text)

    return write
