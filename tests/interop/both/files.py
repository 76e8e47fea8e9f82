"""Values in files, in the language of DataJoint 2: every codec that takes a store, and attachments in the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from values import difference

STORE = "cold"
ARRAY = np.arange(12, dtype="float32").reshape(3, 4)
PLAIN = b"\x00plain bytes\xff"
BLOB = {"x": np.arange(300), "name": "é"}


def _connect_store(dj, folder):
    (Path(folder) / "given").mkdir(parents=True, exist_ok=True)
    dj.config.stores[STORE] = {"protocol": "file", "location": str(folder)}


def declare(dj, name):
    """Declare the tables and return their classes by name."""
    schema = dj.Schema(name)

    class Lazy(dj.Manual):
        definition = """
        lazy_id : int32
        part : varchar(20)
        ---
        array : <npy@cold>
        thing : <object@cold>
        plain : <hash@cold>
        given : <filepath@cold>
        """

    class Packed(dj.Manual):
        definition = """
        packed_id : int32
        ---
        value : <blob@cold>
        paper : <attach@cold>
        """

    class Attached(dj.Manual):
        definition = """
        attached_id : int32
        ---
        paper : <attach>
        """

    return {cls.__name__: schema(cls, context={}) for cls in (Lazy, Packed, Attached)}


def fill(dj, name, folder, packed):
    """Declare and fill the tables; `packed` those too that DataJoint cannot fill on MariaDB."""
    _connect_store(dj, folder)
    tables = declare(dj, name)
    (Path(folder) / "given" / "data.txt").write_text("given")
    Path("thing.txt").write_text("a thing")
    Path("paper é.txt").write_text("a paper")
    key = {"lazy_id": 1, "part": "a/b c"}
    row = {"array": ARRAY, "thing": str(Path("thing.txt").resolve()), "plain": PLAIN, "given": "given/data.txt"}
    tables["Lazy"].insert1({**key, **row})
    tables["Attached"].insert1({"attached_id": 1, "paper": str(Path("paper é.txt").resolve())})
    if packed:
        tables["Packed"].insert1({"packed_id": 1, "value": BLOB, "paper": str(Path("paper é.txt").resolve())})


def check_lazy(dj, name, folder):
    """Return how what the lazy codecs give differs from what was inserted."""
    _connect_store(dj, folder)
    row = dj.VirtualModule("lab", name).Lazy.to_dicts()[0]
    found = [
        difference(np.asarray(row["array"]), ARRAY, "array"),
        difference((row["array"].shape, str(row["array"].dtype)), (ARRAY.shape, "float32"), "what the array says"),
        difference(row["thing"].read(), b"a thing", "thing"),
        difference(bytes(row["plain"]), PLAIN, "plain"),
        difference(row["given"].read(), b"given", "given"),
        difference(row["given"].path, "given/data.txt", "given's path"),
    ]
    return [text for text in found if text is not None]


def check_attached(dj, name):
    """Return how the attachment differs."""
    path = Path(dj.VirtualModule("lab", name).Attached.fetch1("paper"))
    found = [difference(path.name, "paper é.txt", "name"), difference(path.read_text(), "a paper", "content")]
    return [text for text in found if text is not None]


def check_packed(dj, name, folder):
    """Return how values that are packed into files differ."""
    _connect_store(dj, folder)
    row = dj.VirtualModule("lab", name).Packed.to_dicts()[0]
    found = [
        difference(row["value"], BLOB, "value"),
        difference(Path(row["paper"]).name, "paper é.txt", "name"),
        difference(Path(row["paper"]).read_text(), "a paper", "content"),
    ]
    return [text for text in found if text is not None]
