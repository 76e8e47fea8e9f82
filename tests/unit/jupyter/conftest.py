"""A shell, and a small pipeline in a SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import djnb as dj
from tests.unit.jupyter.shells import Cells, cells, shell

__all__ = ["cells", "lab", "notebook", "shell"]


@pytest.fixture
def lab(tmp_path: Any) -> Iterator[SimpleNamespace]:
    """Give a pipeline of five sessions; the analysis of the fourth, session 3, fails."""
    connection = dj.Connection(f"sqlite:///{tmp_path / 'lab.sqlite'}")
    schema = dj.Schema("lab", connection=connection)

    @schema
    class Session(dj.Manual):
        definition = """
        session : int32
        ---
        x : float64
        """

    @schema
    class Analysis(dj.Computed):
        definition = """
        -> Session
        ---
        y : float64
        """

        class Unit(dj.Part):
            definition = """
            -> master
            unit : int32
            """

        def make(self, key):
            x = (Session & key).fetch1("x")
            if x == 3:
                raise ValueError("bad spike 3")
            self.insert1(dict(key, y=2 * x))

    Session.insert([(number, float(number)) for number in range(5)])
    yield SimpleNamespace(connection=connection, schema=schema, Session=Session, Analysis=Analysis)
    connection.close()


@pytest.fixture
def notebook(cells: Cells, lab: SimpleNamespace) -> Cells:
    """Give a notebook that has imported the pipeline."""
    cells.shell.push({"dj": dj, "schema": lab.schema, "Session": lab.Session, "Analysis": lab.Analysis})
    return cells
