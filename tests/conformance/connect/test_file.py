"""Connecting to a SQLite file: the one that is named, or the default one, and what is wrong with it."""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
from pathlib import Path

import pytest

import djnb as dj
from djnb.backends.sqlite.driver import SQLiteDriver
from djnb.errors import AccessError, SettingsError, UnreachableError
from tests.conformance.connect.said import refusal


class TestFile:
    def test_folder_is_missing(self, tmp_path):
        """The error names the folder that is not there; it is not created."""
        error = refusal(f"sqlite:///{tmp_path}/no/such.sqlite")

        assert UnreachableError is type(error)
        assert f"there is no folder '{tmp_path}/no'. Create the folder, or name another file." in str(error)
        assert not (tmp_path / "no").exists()

    def test_file_is_no_database(self, tmp_path):
        """A text file is refused and left as it is."""
        file = tmp_path / "notes.txt"
        file.write_text("my notes\n" * 1000)

        error = refusal(f"sqlite:///{file}")

        assert UnreachableError is type(error)
        assert f"'{file}' cannot be opened: file is not a database. Check that it is a SQLite file" in str(error)
        assert "my notes\n" * 1000 == file.read_text()

    def test_path_is_a_folder(self, tmp_path):
        """A folder is no file."""
        assert UnreachableError is type(refusal(f"sqlite:///{tmp_path}"))

    @pytest.mark.parametrize("url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:"])
    def test_no_file_is_named(self, url):
        """Every thread opens the file for itself, so there must be one; the error shows how to name it."""
        error = refusal(url)

        assert SettingsError is type(error)
        assert "names no file. Write `sqlite:///pipeline.sqlite`" in str(error)

    def test_file_may_not_be_written(self, protected):
        """Its rows can be read; an insert is refused as a missing privilege, with what to ask for."""
        folder = protected(folder_mode=0o777)
        with dj.Connection(f"sqlite:///{folder / 'pipeline.sqlite'}") as connection:
            again = dj.Schema("lab", connection=connection, create_schema=False, create_tables=False)

            @again
            class Mouse(dj.Manual):
                definition = "mouse : int32"

            assert [{"mouse": 1}] == Mouse.to_dicts()
            with pytest.raises(AccessError, match=r"The file may only be read: .*\. Ask for write access to it"):
                Mouse.insert1((2,))

    def test_file_that_another_program_is_creating(self, tmp_path):
        """Who opens it at this moment shares its write-ahead log, and streams beside others who write."""
        path = tmp_path / "new.sqlite"
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        driver = SQLiteDriver(str(path))
        other.execute("COMMIT")
        other.execute("PRAGMA journal_mode = WAL")

        assert driver.is_isolated
        driver.close()
        other.close()

    @pytest.mark.parametrize("name", ["pipeline.sqlite", "new.sqlite"])
    def test_folder_may_not_be_written(self, protected, name):
        """SQLite writes beside the file even to read it; the error says what to check."""
        folder = protected(folder_mode=0o555)

        error = refusal(f"sqlite:///{folder / name}")

        assert UnreachableError is type(error)
        assert "Check that it is a SQLite file and that you may read it and write in its folder" in str(error)


@pytest.fixture
def protected():
    """Give a function that returns a folder with a database which this process may not write, whoever it runs as."""
    is_root = os.geteuid() == 0
    # Not pytest's folder: others may not enter it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with dj.Connection(f"sqlite:///{folder / 'pipeline.sqlite'}") as connection:
            schema = dj.Schema("lab", connection=connection)

            @schema
            class Mouse(dj.Manual):
                definition = "mouse : int32"

            Mouse.insert1((1,))
            Mouse.to_dicts()

        def protect(folder_mode):
            (folder / "pipeline.sqlite").chmod(0o444)
            folder.chmod(folder_mode)
            if is_root:
                os.seteuid(65534)  # the superuser may write whatever the mode says
            return folder

        try:
            yield protect
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o755)


class TestDefaultFile:
    def test_is_created_in_the_working_directory_with_one_log_line(self, tmp_path, caplog):
        """With nothing configured, `djnb.sqlite` is where the notebook is, and a warning says so once."""
        with dj.Connection() as connection:
            assert "Connection('sqlite:///djnb.sqlite')" == repr(connection)

        assert (tmp_path / "djnb.sqlite").is_file()
        expected = "No database is configured: creating 'djnb.sqlite' in the working directory"
        assert [("djnb.settings.address", logging.WARNING, expected)] == caplog.record_tuples

    def test_is_opened_silently_when_it_is_there(self, caplog):
        """The second notebook in the folder is told nothing."""
        dj.Connection().close()
        caplog.clear()

        dj.Connection().close()

        assert [] == caplog.record_tuples
