"""What mybinder.org is told to install, and whether it can."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BINDER = PROJECT / "binder"

# Files by which repo2docker finds out what to build; those outside of binder/ would not count, or count instead.
READ_BY_REPO2DOCKER = {
    "environment.yml", "requirements.txt", "apt.txt", "postBuild", "start", "Dockerfile", "Pipfile", "runtime.txt",
    "install.R", "Project.toml", "JuliaProject.toml", "default.nix",
}  # fmt: skip

SCRIPTS = sorted(path for path in BINDER.iterdir() if path.suffix == "")


@pytest.fixture
def environment():
    """Give the text of what conda installs."""
    return (BINDER / "environment.yml").read_text(encoding="utf-8")


@pytest.fixture
def project():
    """Give what the project says of itself."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def version(text):
    """Return a version as it is compared."""
    return tuple(map(int, text.split(".")))


class TestEnvironment:
    def test_python_is_one_that_the_project_supports(self, environment, project):
        """The Python is not older than the oldest that djnb runs on, and one that it is said to run on."""
        (asked,) = re.findall(r"- python=([\d.]+)$", environment, re.M)
        (oldest,) = re.findall(r">=([\d.]+)", project["requires-python"])

        assert version(asked) >= version(oldest)
        assert f"Programming Language :: Python :: {asked}" in project["classifiers"]

    def test_installs_the_project_with_what_its_notebooks_need(self, environment, project):
        """The project itself, from the folder above, with an extra that there is."""
        (extra,) = re.findall(r"- -e \.\.\[(\w+)\]$", environment, re.M)

        assert any(each.startswith("jupyterlab") for each in project["optional-dependencies"][extra])

    def test_can_paint_widgets_from_threads(self, environment):
        """Binder's own ipykernel 7.0.1 cannot; a newer one is asked for."""
        (kernel,) = re.findall(r"- ipykernel>=([\d.]+)", environment)

        assert version(kernel) > (7, 0, 1)

    def test_is_the_only_one_that_is_found(self):
        """All that repo2docker reads is in one folder, and all of the folder is read."""
        assert {path.name for path in BINDER.iterdir()} <= READ_BY_REPO2DOCKER
        assert not {path.name for path in PROJECT.iterdir()} & (READ_BY_REPO2DOCKER | {".binder"})


class TestScripts:
    @pytest.mark.parametrize("script", SCRIPTS, ids=[path.name for path in SCRIPTS])
    def test_can_be_run(self, script):
        """A script is executable, names its shell, and bash can read it."""
        assert os.access(script, os.X_OK)
        assert script.read_text(encoding="utf-8").startswith("#!")
        assert 0 == subprocess.run(["bash", "-n", script], check=False).returncode

    def test_notebooks_are_trusted_after_the_build(self, tmp_path):
        """Run in a clone with a home of its own, the script signs every notebook, so that saved pictures are shown."""
        clone = tmp_path / "clone"
        shutil.copytree(PROJECT / "notebooks", clone / "notebooks")
        (tmp_path / "home").mkdir()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTEST"))}
        surroundings = inherited | {"HOME": str(tmp_path / "home"), "JUPYTER_DATA_DIR": str(tmp_path / "home" / "data")}

        done = subprocess.run(
            [BINDER / "postBuild"], cwd=clone, env=surroundings, capture_output=True, text=True, check=False
        )

        assert (0, "") == (done.returncode, done.stderr if done.returncode else "")
        for notebook in (clone / "notebooks").glob("*.ipynb"):
            assert f"Signing notebook: notebooks/{notebook.name}" in done.stdout
            assert json.loads(notebook.read_text(encoding="utf-8"))["nbformat"] == 4
