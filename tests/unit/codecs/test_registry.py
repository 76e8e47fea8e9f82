"""A codec is found by its name."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from djnb.codecs import registry
from djnb.codecs.blob.codec import BlobCodec
from djnb.codecs.registry import Codec, get_codec, list_codecs
from djnb.errors import CodecError, UnknownCodecError


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Forget the codecs of a test after it; the built-in ones, whose modules are imported once, stay."""
    for name in registry._BUILT_IN:
        get_codec(name)
    monkeypatch.setattr(registry, "_classes", dict(registry._classes))
    monkeypatch.setattr(registry, "_instances", dict(registry._instances))


def define(name: Any, *, module: str = "__main__", qualname: str = "Mine", **options: Any) -> type[Codec]:
    """Run the class statement of a codec, as a cell of a notebook does."""
    body = {
        "name": name,
        "__module__": module,
        "__qualname__": qualname,
        "get_dtype": lambda self, is_store: "bytes",
        "encode": lambda self, value, *, key=None, store_name=None: value,
        "decode": lambda self, stored, *, key=None, store_name=None: stored,
    }
    return type(Codec)(qualname, (Codec,), body, **options)


class TestDefiningACodec:
    def test_makes_it_known_by_its_name(self):
        """A class that derives from Codec can be asked for by its name, and is listed."""
        Mine = define("mine")

        assert type(get_codec("mine")) is Mine
        assert "mine" in list_codecs()

    def test_again_replaces_it(self):
        """A cell that is run again defines the codec anew."""
        define("mine")
        get_codec("mine")
        Again = define("mine")

        assert type(get_codec("mine")) is Again

    def test_under_a_name_that_another_class_has_is_refused(self):
        """Two classes cannot share a name; the message names the one that has it, which stays."""
        Mine = define("mine")

        with pytest.raises(
            CodecError, match=r"`lab\.Other` cannot be .* name 'mine' belongs to `__main__\.Mine`.*Choose another"
        ):
            define("mine", module="lab", qualname="Other")
        assert type(get_codec("mine")) is Mine

    def test_under_the_name_of_a_built_in_one_is_refused(self, monkeypatch):
        """A built-in name is taken, though the built-in codec has not been used yet."""
        monkeypatch.delitem(registry._classes, "blob")

        with pytest.raises(CodecError, match=r"belongs to `djnb\.codecs\.blob\.codec\.BlobCodec`"):
            define("blob")

    @pytest.mark.parametrize("name", ["two words", "<mine>", "mine@store", "1st", 7])
    def test_under_a_name_that_no_definition_can_write_is_refused(self, name):
        """A name is one word, as a definition writes it between < and >."""
        with pytest.raises(CodecError, match="is not a word"):
            define(name)

    @pytest.mark.parametrize(("name", "options"), [("", {}), ("base", {"register": False})])
    def test_as_a_base_for_others_makes_nothing_known(self, name, options):
        """A class without a name, or with register=False, is a base and no codec."""
        before = list_codecs()

        define(name, **options)

        assert before == list_codecs()

    def test_without_all_its_methods_is_refused(self):
        """A codec that lacks a method is refused when it is first asked for."""

        class Half(Codec):
            name = "half"

            def get_dtype(self, is_store: bool) -> str:
                return "bytes"

        with pytest.raises(TypeError, match="encode"):
            get_codec("half")

    def test_accepts_every_value_by_default(self):
        """A codec that does not check its values takes them all."""
        define("mine")

        assert get_codec("mine").validate(object()) is None


class TestAskingForACodec:
    @pytest.mark.parametrize("spelled", ["blob", "<blob>", "<blob@cold>", "<blob@>", " < blob > "])
    def test_finds_a_built_in_one(self, spelled):
        """The built-in codecs are there without an import, however a definition spells them."""
        assert type(get_codec(spelled)) is BlobCodec

    def test_gives_the_same_one_each_time(self):
        """There is one instance of each codec, whichever thread asks."""
        define("mine")
        found: list[Codec] = []
        threads = [threading.Thread(target=lambda: found.append(get_codec("mine"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [get_codec("mine")] * 8 == found

    def test_with_a_misspelt_name_offers_the_nearest(self):
        """An unknown name is refused with the nearest one, the known ones, and how to add one."""
        define("mine")

        with pytest.raises(UnknownCodecError) as refused:
            get_codec("<blobb@cold>")

        assert str(refused.value) == (
            "There is no codec 'blobb'. Did you mean 'blob'? "
            f"Known codecs are: {', '.join(list_codecs())}. "
            'To add one, derive a class from `dj.Codec` with `name = "blobb"`; '
            "if it exists already, import the module that defines it."
        )

    def test_does_not_list_what_nobody_declares(self):
        """The codec of unmarked columns is djnb's own: it is found, but not offered."""
        assert type(get_codec("unmarked")).name == "unmarked"
        assert "unmarked" not in list_codecs()

    def test_loads_numpy_only_with_a_codec_that_needs_it(self):
        """Listing codecs, or defining one, does not load numpy."""
        program = (
            "import sys; from djnb.codecs import Codec, get_codec, list_codecs; list_codecs();"
            "print('numpy' in sys.modules); get_codec('blob'); print('numpy' in sys.modules)"
        )
        here = {**os.environ, "PYTHONPATH": str(Path(registry.__file__).parents[2])}
        told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=here)

        assert ["False", "True"] == told.stdout.split()
