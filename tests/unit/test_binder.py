"""What mybinder.org is told to install."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_python_is_one_that_the_project_supports():
    """The environment's Python is not older than the oldest that djnb runs on."""
    environment = (PROJECT / "binder" / "environment.yml").read_text(encoding="utf-8")
    asked = re.search(r"python=(\d+)\.(\d+)", environment)
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = re.search(r">=(\d+)\.(\d+)", project["requires-python"])

    assert asked is not None
    assert oldest is not None
    assert tuple(map(int, asked.groups())) >= tuple(map(int, oldest.groups()))


def test_script_can_be_run():
    """The script that runs after the installation is executable, and bash can read it."""
    script = PROJECT / "binder" / "postBuild"

    assert os.access(script, os.X_OK)
    assert 0 == subprocess.run(["bash", "-n", script], check=False).returncode
