"""The fixtures of the tests in a browser: one server and one browser for all of them, a folder for each notebook."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.browser import driver, server

WriteNotebook = Callable[..., Path]
OpenNotebook = Callable[..., AbstractContextManager[driver.Notebook]]


# Not the session's: while playwright's loop runs in this thread, no other test could run one of its own.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Any]:
    """Give the browser."""
    with driver.launched(chromium) as browser:
        yield browser


@pytest.fixture(scope="package")
def jupyter(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.JupyterServer]:
    """Give a server whose only kernel runs this Python; without a browser it is not started."""
    with server.running(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="package")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the pictures: $DJNB_TEST_SCREENSHOTS, else one that pytest keeps for its last runs."""
    given = os.environ.get("DJNB_TEST_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="package")
def new_folder(jupyter: server.JupyterServer) -> Callable[[], Path]:
    """Give a function that makes an empty folder below the server's root."""
    numbers = count(1)

    def new_folder() -> Path:
        folder = jupyter.root / f"{next(numbers)}"
        folder.mkdir()
        return folder

    return new_folder


@pytest.fixture(scope="package")
def write_notebook(new_folder: Callable[[], Path]) -> WriteNotebook:
    """Give a function that writes a notebook of these cells into a folder of its own."""
    return lambda *cells: driver.write_notebook(new_folder() / "notebook.ipynb", *cells)


@pytest.fixture(scope="package")
def open_notebook(browser: Any, jupyter: server.JupyterServer, screenshots: Path) -> OpenNotebook:
    """Give a function that opens a notebook, in a ``with`` block; what fails in the block leaves a picture."""
    numbers = count(1)

    @contextmanager
    def open_notebook(
        path: Path, front_end: driver.FrontEnd = "lab", theme: str = driver.LIGHT
    ) -> Iterator[driver.Notebook]:
        with driver.opened(browser, jupyter, path, front_end, theme) as notebook:
            try:
                yield notebook
            except BaseException as error:
                picture = screenshots / f"failed-{next(numbers)}.png"
                notebook.screenshot(picture)
                error.add_note(f"What the window showed: {picture}")
                raise

    return open_notebook
