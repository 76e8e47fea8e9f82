"""Settings: where a value comes from, and what is refused there."""

from __future__ import annotations

from pathlib import Path

import pytest

from djnb import settings
from djnb.errors import SettingsError
from djnb.settings import Config, get_config
from djnb.settings.group import meaning

SECRET = "ho:rse@bat/tery"


class TestDefaults:
    def test_every_setting_has_a_documented_default(self, config):
        """Nothing has to be set, and every setting says what it means."""
        described = [name for name in settings.SETTINGS if meaning(Config, name).endswith(".")]

        assert list(settings.SETTINGS) == described
        assert {
            "database.url": None,
            "database.host": None,
            "database.port": 3306,
            "database.user": None,
            "database.password": None,
            "database.use_tls": None,
            "database.reconnect": True,
            "database.create_tables": True,
            "database.use_connectorx": True,
            "display.limit": 12,
            "display.width": 40,
            "display.show_row_count": True,
            "display.diagram_direction": "LR",
            "display.diagram_engine": "auto",
            "jobs.auto_refresh": True,
            "jobs.keep_completed": False,
            "jobs.keep_interval": 0.1,
            "jobs.stale_timeout": 3600,
            "jobs.default_priority": 5,
            "jobs.add_job_metadata": False,
            "jobs.version_method": None,
            "jobs.allow_new_pk_fields_in_computed_tables": False,
            "jobs.heartbeat_interval": 5,
            "jobs.grace_period": 15,
            "jobs.lease_time": 600,
            "safemode": True,
            "stores": {},
            "download_path": Path(),
            "semantic_check": "warn",
            "fetch_format": "array",
            "custom": {},
        } == {name: config[name] for name in settings.SETTINGS}

    def test_settings_of_the_process_are_made_once(self):
        """What one module assigns, another one reads."""
        get_config().display.limit = 3

        assert 3 == get_config().display.limit


class TestPrecedence:
    def test_file_wins_over_default(self, write_file):
        """The file `djnb.toml` in the working directory is read."""
        write_file("safemode = false\n[display]\nlimit = 5\n")

        config = Config()

        assert (False, 5, 40) == (config.safemode, config.display.limit, config.display.width)

    def test_environment_wins_over_file(self, write_file, monkeypatch):
        """A variable counts more than the file, and leaves the group's other settings to it."""
        write_file("[display]\nlimit = 5\nwidth = 20\n")
        monkeypatch.setenv("DJNB_DISPLAY__LIMIT", "6")

        config = Config()

        assert (6, 20) == (config.display.limit, config.display.width)

    def test_assignment_wins_over_environment(self, monkeypatch):
        """What is assigned at run time counts more than the environment."""
        monkeypatch.setenv("DJNB_DISPLAY__LIMIT", "6")
        config = Config()

        config.display.limit = 7

        assert 7 == config.display.limit

    def test_override_wins_over_assignment(self, config):
        """Within a `with` block the override counts, and afterwards what was assigned, in the block or before."""
        config.display.limit = 7

        with config.override(display__limit=8):
            config.display.limit = 9
            within = config.display.limit

        assert (8, 9) == (within, config.display.limit)


class TestFile:
    def test_is_found_in_a_folder_above(self, write_file, tmp_path, monkeypatch):
        """A notebook in a subfolder of a project uses the project's file."""
        write_file("safemode = false\n")
        below = tmp_path / "notebooks" / "figures"
        below.mkdir(parents=True)
        monkeypatch.chdir(below)

        assert Config().safemode is False

    def test_is_not_looked_for_above_the_repository(self, write_file, tmp_path, monkeypatch):
        """Another project's file, further up, is left alone."""
        write_file("safemode = false\n")
        repository = tmp_path / "repository"
        (repository / ".git").mkdir(parents=True)
        monkeypatch.chdir(repository)

        assert Config().safemode is True

    def test_unknown_name_is_refused_with_the_nearest_one(self, write_file):
        """A misspelt setting in the file is told with the file's path, and not passed over."""
        write_file("[display]\nlimt = 5\n")

        with pytest.raises(SettingsError, match=r"`display\.limt` in .*djnb\.toml\. Did you mean 'display\.limit'\?"):
            Config()

    def test_bad_value_is_refused(self, write_file):
        """A value of the wrong type is told with its place and what is accepted."""
        write_file('semantic_check = "maybe"\n')

        with pytest.raises(
            SettingsError,
            match=r"`semantic_check` cannot be 'maybe' in .*djnb\.toml: input should be 'warn', 'error' or 'off'",
        ):
            Config()

    def test_text_that_is_not_toml_is_refused(self, write_file):
        """A file that cannot be read is named, with the line."""
        write_file("[display\n")

        with pytest.raises(SettingsError, match=r"djnb\.toml` cannot be read: .*line 1"):
            Config()


class TestEnvironment:
    def test_one_underscore_joins_as_well_as_two(self, monkeypatch):
        """`DJNB_DATABASE_URL` is the same as `DJNB_DATABASE__URL`."""
        monkeypatch.setenv("DJNB_DATABASE_URL", "sqlite:///short.sqlite")

        assert "sqlite:///short.sqlite" == Config().database.url

    def test_two_underscores_win_over_one(self, monkeypatch):
        """Where both spellings are set, the one with two underscores counts."""
        monkeypatch.setenv("DJNB_DATABASE__URL", "sqlite:///long.sqlite")
        monkeypatch.setenv("DJNB_DATABASE_URL", "sqlite:///short.sqlite")

        assert "sqlite:///long.sqlite" == Config().database.url

    def test_empty_variable_is_not_set(self, monkeypatch):
        """A variable that is empty leaves the default."""
        monkeypatch.setenv("DJNB_DISPLAY_LIMIT", "")

        assert 12 == Config().display.limit

    def test_misspelt_variable_is_refused_with_the_nearest_one(self, monkeypatch):
        """A misspelt variable is told, and not passed over."""
        monkeypatch.setenv("DJNB_DATABSE_URL", "sqlite:///a.sqlite")

        with pytest.raises(
            SettingsError, match=r"DJNB_DATABSE_URL names no setting.* Did you mean DJNB_DATABASE_URL\?"
        ):
            Config()

    def test_other_variables_of_the_prefix_are_left_alone(self, monkeypatch):
        """A variable that resembles no setting may be another program's."""
        monkeypatch.setenv("DJNB_WORKERS_HOME", "somewhere")

        assert "Config(" in repr(Config())

    def test_bad_value_is_refused_with_its_variable(self, monkeypatch):
        """A value that is not accepted is told with the variable that has it."""
        monkeypatch.setenv("DJNB_DISPLAY_LIMIT", "many")

        with pytest.raises(
            SettingsError, match=r"`display\.limit` cannot be 'many' in the environment variable DJNB_DISPLAY_LIMIT"
        ):
            Config()

    def test_group_as_json_is_read(self, monkeypatch):
        """A whole group may be given as JSON."""
        monkeypatch.setenv("DJNB_DISPLAY", '{"limit": 3, "width": 9}')

        config = Config()

        assert (3, 9) == (config.display.limit, config.display.width)

    def test_group_that_is_not_json_is_refused(self, monkeypatch):
        """Text that is no JSON is refused, without repeating it."""
        monkeypatch.setenv("DJNB_DATABASE", SECRET)

        with pytest.raises(SettingsError, match="a variable of its own") as refusal:
            Config()

        assert SECRET not in str(refusal.value)
