"""The house rules: floors, light imports, a core without a notebook, and the public names."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import djnb

PACKAGE = Path(djnb.__file__).parent
PROJECT = PACKAGE.parent
HEAVY = ("IPython", "fsspec", "ipywidgets", "networkx", "numpy", "pandas", "pydantic", "pymysql", "sqlglot")


def run_python(code):
    """Run code in a fresh interpreter and return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.strip()


def sources(*, outside=()):
    """Return the modules of the package that lie in none of these rooms, parsed."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in outside
    }


class TestFloors:
    def test_import_contracts_hold(self):
        """Imports go down only, drivers stay in backends, and IPython in the notebook's face."""
        done = subprocess.run(
            [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert 0 == done.returncode, done.stdout + done.stderr

    def test_databases_are_named_in_backends_only(self):
        """No other room asks which database it talks to; a difference is a question to the dialect."""
        names = {"mysql", "mariadb", "sqlite"}

        found = [
            f"{file}:{node.lineno}"
            for file, tree in sources(outside=("backends",)).items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Compare)
            for each in ast.walk(node)
            if isinstance(each, ast.Constant) and each.value in names
        ]

        assert [] == found

    def test_core_neither_prints_nor_asks(self):
        """What the core has to say it returns, raises, logs or emits; only the two faces speak for themselves."""
        speaking = {"print", "input", "display", "get_ipython"}

        found = [
            f"{file}:{node.lineno}"
            for file, tree in sources(outside=("cli.py", "jupyter")).items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in speaking
        ]

        assert [] == found


class TestImport:
    def test_is_light(self):
        """`import djnb` takes no time to speak of: the libraries are imported when they are first needed."""
        loaded = run_python(f"import djnb, sys; print([name for name in {HEAVY} if name in sys.modules])")

        assert "[]" == loaded

    def test_core_works_without_a_notebook(self, tmp_path):
        """Every room but the notebook's face works where IPython and ipywidgets are not installed."""
        code = f"""
import importlib, pkgutil, sys
for name in ("IPython", "ipykernel", "ipywidgets", "traitlets"):
    sys.modules[name] = None  # an import of it fails
import djnb
for module in pkgutil.walk_packages(djnb.__path__, "djnb.", onerror=print):
    if not module.name.startswith(("djnb.jupyter", "djnb.demo", "djnb.__main__")):
        importlib.import_module(module.name)
schema = djnb.Schema("lab", connection=djnb.Connection("sqlite:///{tmp_path / "lab.sqlite"}"))
@schema
class Subject(djnb.Manual):
    definition = "subject_id: int32"
Subject.insert1(dict(subject_id=1))
print(Subject.fetch1())
"""

        assert "{'subject_id': 1}" == run_python(code)


class TestPublicNames:
    def test_every_name_exists(self):
        """All that `djnb.__all__` promises is there."""
        assert [] == [name for name in djnb.__all__ if not hasattr(djnb, name)]
        assert sorted(set(djnb.__all__)) == sorted(djnb.__all__)

    def test_nothing_else_is_public(self):
        """Completion after `dj.` offers what djnb promises, and no more."""
        assert sorted(djnb.__all__) == sorted(name for name in dir(djnb) if not name.startswith("_"))

    def test_names_of_datajoint_go_on_to_work(self):
        """After `import djnb as dj`, what DataJoint has at its top is there too, though it is not offered."""
        assert djnb.ERD is djnb.Di is djnb.Diagram
        assert "KEY" == djnb.key
        assert "datajoint" == djnb.logger.name
        assert issubclass(djnb.Computed, djnb.AutoPopulate)
        assert djnb.Query is djnb.expression.QueryExpression
        assert [1, 2] == djnb.blob.unpack(djnb.blob.pack([1, 2]))
        assert 32 == len(djnb.key_hash({"a": 1}))

    @pytest.mark.parametrize(
        ("name", "said"),
        [("kill", "SHOW PROCESSLIST"), ("Manul", "Did you mean 'Manual'"), ("nothing_like_it", "'nothing_like_it'$")],
    )
    def test_name_that_is_not_there_says_what_to_use(self, name, said):
        """Names that djnb lacks are answered with what to do, or with the nearest name."""
        with pytest.raises(AttributeError, match=said):
            getattr(djnb, name)

    @pytest.mark.parametrize("name", djnb.__all__)
    def test_name_is_documented(self, name):
        """Every public class and function says what it is for."""
        value = getattr(djnb, name)
        own = value if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value) else type(value)

        assert inspect.getdoc(own)
