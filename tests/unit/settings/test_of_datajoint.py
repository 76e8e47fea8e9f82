"""Settings of DataJoint: a lab's files and variables go on to count, and its programs' words are understood."""

from __future__ import annotations

import json
import logging

import pytest

from djnb.errors import SettingsError, SettingWithoutEffectWarning
from djnb.settings import Config, datajoint


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


class TestFiles:
    def test_json_of_datajoint_2_is_read(self, write, tmp_path, monkeypatch):
        """`datajoint.json` in a folder above counts, with the secrets beside it."""
        write("datajoint.json", {"database": {"host": "lab", "user": "me"}, "display": {"limit": 5}, "safemode": False,
                                 "stores": {"default": "main", "main": {"protocol": "s3", "bucket": "b"}}})  # fmt: skip
        write(".secrets/database.password", "geheim\n")
        write(".secrets/stores.main.secret_key", "key\n")
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")
        config = Config()

        assert ("lab", "me", 5, False) == (
            config.database.host,
            config.database.user,
            config.display.limit,
            config.safemode,
        )
        assert "geheim" == config["database.password"]
        assert {"default": "main", "main": {"protocol": "s3", "bucket": "b", "secret_key": "key"}} == config.stores

    def test_json_of_datajoint_0_14_is_read(self, write):
        """`dj_local_conf.json` counts, with its flat names."""
        write("dj_local_conf.json", {"database.host": "lab:3307", "database.password": "geheim",
                                     "fetch_format": "frame",
                                     "display.show_tuple_count": False, "custom": {"root": "/data"},
                                     "database.use_tls": None})  # fmt: skip
        config = Config()

        assert ("lab", 3307, "geheim") == (config.database.host, config.database.port, config["database.password"])
        assert ({"root": "/data"}, False) == (config.custom, config.display.show_row_count)
        assert "frame" == config.fetch_format

    def test_settings_of_a_store_may_have_names_of_their_own(self, write):
        """`"stores.main.location"` in a file is the location of the store `main`, beside what stands in groups."""
        write("datajoint.json", {"stores": {"default": "main", "main": {"protocol": "file"}},
                                 "stores.main.location": "/data", "stores.raw.protocol": "s3"})  # fmt: skip

        assert {
            "default": "main", "main": {"protocol": "file", "location": "/data"}, "raw": {"protocol": "s3"}
        } == Config().stores  # fmt: skip

    def test_tables_are_not_created_where_the_lab_forbids_it(self, write, monkeypatch):
        """`database.create_tables`, which a lab sets for its users, is heard in the file and in the environment."""
        write("datajoint.json", {"database": {"create_tables": False}})
        of_the_file = Config().database.create_tables
        monkeypatch.setenv("DJ_CREATE_TABLES", "true")

        assert (False, True) == (of_the_file, Config().database.create_tables)

    def test_file_of_the_user_counts_without_one_in_the_folder(self, write, monkeypatch):
        """`~/.datajoint_config.json` is read where there is no `dj_local_conf.json`."""
        monkeypatch.setattr(datajoint, "FILE_OF_THE_USER", str(write("home.json", {"database.host": "home"})))

        assert "home" == Config().database.host
        write("dj_local_conf.json", {"database.user": "me"})
        assert (None, "me") == (Config().database.host, Config().database.user)

    def test_nothing_in_them_breaks_the_start(self, write, caplog):
        """Unknown names are kept, bad values and broken files passed over; both are logged, no secret among it."""
        write("datajoint.json", {"mine": 3, "database": {"port": "geheim"}, "display": {"limit": 4, "theme": "dark"}})
        write("dj_local_conf.json", "{")
        with caplog.at_level(logging.DEBUG, "djnb"):
            config = Config()

        assert (3, "dark", 3306, 4) == (
            config["mine"],
            config["display.theme"],
            config.database.port,
            config.display.limit,
        )
        assert {("DEBUG", "`mine`"), ("WARNING", "`database.port`"), ("WARNING", "dj_local_conf.json")} <= {
            (r.levelname, word) for r in caplog.records for word in ("`mine`", "`database.port`", "dj_local_conf.json")
            if word in r.getMessage()
        }  # fmt: skip
        assert "geheim" not in caplog.text

    def test_can_be_ignored(self, write, monkeypatch):
        """`DJ_IGNORE_CONFIG_FILE` is heard."""
        write("datajoint.json", {"database": {"host": "lab"}})
        monkeypatch.setenv("DJ_IGNORE_CONFIG_FILE", "true")

        assert Config().database.host is None


class TestPrecedence:
    def test_own_counts_more_than_datajoints_at_each_level(self, write, monkeypatch):
        """Environment before files, and djnb's before DataJoint's in each."""
        write("datajoint.json", {"display": {"limit": 1, "width": 11}, "safemode": False})
        write("dj_local_conf.json", {"display.limit": 9, "display.width": 9, "database.user": "classic"})
        write("djnb.toml", "[display]\nlimit = 2\n")
        assert (2, 11, "classic") == ((c := Config()).display.limit, c.display.width, c.database.user)
        monkeypatch.setenv("DJ_DISPLAY", '{"limit": 3}')
        assert 3 == Config().display.limit
        monkeypatch.setenv("DJNB_DISPLAY_LIMIT", "4")
        assert 4 == Config().display.limit

    def test_variables_are_read(self, monkeypatch):
        """DJ_HOST, DJ_USER, DJ_PASS, DJ_PORT, DJ_SAFEMODE and DJ_STORES mean what they mean to DataJoint."""
        for name, value in {"HOST": "lab", "USER": "me", "PASS": "geheim", "PORT": "3307", "SAFEMODE": "false",
                            "STORES": '{"a": {"protocol": "file"}}'}.items():  # fmt: skip
            monkeypatch.setenv(f"DJ_{name}", value)
        database = (config := Config()).database

        assert ("lab", "me", 3307, False) == (database.host, database.user, database.port, config.safemode)
        assert {"a": {"protocol": "file"}} == config.stores

    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("auto_refresh", "false", False),
            ("keep_completed", "true", True),
            ("stale_timeout", "60", 60),
            ("default_priority", "2", 2),
            ("add_job_metadata", "1", True),
            ("version_method", "git", "git"),
            ("allow_new_pk_fields_in_computed_tables", "true", True),
        ],
    )
    def test_settings_of_jobs_are_read_from_everywhere(self, name, text, value, write, monkeypatch):
        """Each of DataJoint's settings of jobs counts: from both of its files, DJ_JOBS_…, djnb.toml and DJNB_JOBS_…."""
        write("dj_local_conf.json", {f"jobs.{name}": value})
        assert value == Config()[f"jobs.{name}"]
        classic = write("dj_local_conf.json", {})
        current = write("datajoint.json", {"jobs": {name: value}})
        assert value == getattr(Config().jobs, name)
        classic.unlink()
        current.unlink()
        for variable in (f"DJ_JOBS_{name.upper()}", f"DJNB_JOBS_{name.upper()}", f"DJNB_JOBS__{name.upper()}"):
            with monkeypatch.context() as environment:
                environment.setenv(variable, text)
                assert value == Config()[f"jobs.{name}"]
        write("djnb.toml", f"[jobs]\n{name} = {json.dumps(value)}\n")
        assert value == Config()[f"jobs.{name}"]

    def test_unprefixed_variables_are_not_read(self, monkeypatch):
        """`LIMIT` and `WIDTH` belong to others."""
        monkeypatch.setenv("LIMIT", "3")

        assert 12 == Config().display.limit

    def test_password_of_another_server_is_not_taken(self, write):
        """A server is offered no user and no password that stand beside the name of another one."""
        write("datajoint.json", {"database": {"host": "old", "user": "me", "password": "geheim"}, "safemode": False})
        write(".secrets/database.password", "geheim")
        write("djnb.toml", '[database]\nhost = "new"\n')
        config = Config()

        assert ("new", None, None, False) == (
            config.database.host, config.database.user, config.database.password, config.safemode
        )  # fmt: skip
        write("djnb.toml", '[database]\nurl = "mysql://old"\n')
        assert "geheim" == Config()["database.password"]


class TestWords:
    def test_config_is_called_for_a_block(self):
        """`with dj.config(safemode=False)` is 0.14's override."""
        config = Config()
        with config(safemode=False, **{"display.limit": 3}):
            assert (False, 3) == (config.safemode, config["display.limit"])

        assert (True, 12) == (config.safemode, config["display.limit"])

    def test_setting_without_effect_is_told(self):
        """What djnb does not do is accepted with a warning; what it does anyway, silently."""
        config = Config()
        config["enable_python_native_blobs"] = True
        with pytest.warns(SettingWithoutEffectWarning, match=r"`query_cache` has no effect in djnb: .*not cached"):
            config["query_cache"] = "/tmp"

        assert ("/tmp", True) == (config["query_cache"], config["enable_python_native_blobs"])

    @pytest.mark.parametrize(
        ("name", "default", "other"),
        [
            ("database.database_prefix", "", "lab_"),
            ("loglevel", "INFO", "DEBUG"),
            ("filepath_checksum_size_limit", None, 1000),
        ],
    )
    def test_every_setting_of_the_peers_can_be_assigned(self, name, default, other):
        """A lab's first cell, which assigns settings, runs on; it is told of those that change nothing."""
        config = Config()
        config[name] = default
        with pytest.warns(SettingWithoutEffectWarning, match=f"`{name}` has no effect in djnb"):
            config[name] = other

        assert other == config[name]

    def test_mapping_words_work(self):
        """`get`, `in` and `update` are there."""
        config = Config()
        config.update({"database.password": "geheim", "display.show_tuple_count": False})

        assert ("display.limit" in config, "nothing" in config, config.get("nothing", 7)) == (True, False, 7)
        assert "geheim" == config["database.password"] != repr(config["database.password"])
        assert "geheim" not in repr(config) + repr([config["database.password"]])
        assert config.display.show_row_count is False


@pytest.mark.parametrize("word", ["save", "save_local", "save_global", "save_template"])
def test_settings_are_not_written_but_it_is_said_where_they_belong(word):
    """DataJoint's words for writing a file name the file to write by hand."""
    with pytest.raises(SettingsError, match=r"writes none\.[\s\S]*djnb\.toml"):
        getattr(Config(), word)()
