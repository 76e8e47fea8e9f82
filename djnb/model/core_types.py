"""
The types of attributes: core types, native types, classic spellings and codecs.

======================  ==========================================  =======================================
written                 means                                       recorded in the comment as
======================  ==========================================  =======================================
``int8`` … ``int64``    integers of 8 to 64 bits                    ``:int32:``
``float32 float64``     IEEE floats                                 ``:float64:``
``bool uuid json``      truth values, UUIDs, JSON documents         ``:bool:``
``bytes``               raw bytes                                   ``:bytes:``
``date``                a day                                       ``:date:``
``datetime(n)``         a UTC time with ``n`` digits of a second    ``:datetime(3):``
``char(n) varchar(n)``  text of at most ``n`` characters            ``:varchar(32):``
``decimal(m,n)``        ``m`` digits, ``n`` of them decimals        ``:decimal(8,2):``
``enum('a','b')``       one of the values                           ``:enum('a','b'):``
``<codec@store>``       a value that a codec packs                  ``:<blob@cold>:``
``int unsigned`` …      a native type of MySQL                      nothing: it is its own record
======================  ==========================================  =======================================

Classic spellings declare their current meaning: ``longblob`` (``blob``, ``mediumblob``, ``tinyblob``) is
``<blob>``, ``blob@store`` is ``<blob@store>``, ``boolean`` is ``bool``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from djnb.errors import UnknownTypeError, did_you_mean


class Family(StrEnum):
    """The kind of Python value that a type holds; everything that treats values asks for it."""

    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOL = "bool"
    STRING = "string"
    ENUM = "enum"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    UUID = "uuid"
    JSON = "json"
    BYTES = "bytes"
    CODEC = "codec"
    COMPUTED = "computed"
    """The value of an SQL expression whose type is not known before it is fetched."""


@dataclass(frozen=True, slots=True)
class AttributeType:
    """
    The type of an attribute.

    Attributes
    ----------
    text : str
        As it is declared and recorded, for example ``varchar(32)`` or ``<blob>``. Two spellings are the same type.
    family : Family
        The kind of Python value.
    is_core : bool
        A core type or a codec; native types are False.
    bits : int
        The size of integers and floats.
    unsigned, autoincrement : bool
        Native integers only.
    length : int
        The greatest number of characters of ``char`` and ``varchar``; 0 for no limit.
    fixed : bool
        ``char`` rather than ``varchar``.
    digits, scale : int
        Of decimals: digits in all, digits after the point. Of times: ``scale`` digits of a second.
    values : tuple of str
        Of an enum.
    codec, store : str
        Of a codec; ``store`` is None without ``@`` and empty for the default store.
    """

    text: str = field(compare=False)
    family: Family
    is_core: bool = True
    bits: int = 0
    unsigned: bool = False
    autoincrement: bool = False
    length: int = 0
    fixed: bool = False
    digits: int = 0
    scale: int = 0
    values: tuple[str, ...] = ()
    codec: str = ""
    store: str | None = None

    @property
    def is_blob(self) -> bool:
        """Whether a value may be large, so that previews and orderings leave it out."""
        return self.family in (Family.CODEC, Family.BYTES)

    @property
    def is_text(self) -> bool:
        """Whether it is text of no declared length, which cannot identify a row."""
        return self.family is Family.STRING and self.text in _TEXTS

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest value of an integer."""
        if self.unsigned:
            return 0, 2**self.bits - 1
        return -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1

    def __str__(self) -> str:
        return self.text


COMPUTED = AttributeType("", Family.COMPUTED, is_core=False)

_NATIVE_INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}
_CLASSIC_BLOBS = ("blob", "tinyblob", "mediumblob", "longblob")
_TEXTS = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215, "longtext": 0}
_SIMPLE = {
    **{f"int{bits}": (Family.INTEGER, bits) for bits in (8, 16, 32, 64)},
    **{f"float{bits}": (Family.FLOAT, bits) for bits in (32, 64)},
    "bool": (Family.BOOL, 0),
    "uuid": (Family.UUID, 0),
    "json": (Family.JSON, 0),
    "bytes": (Family.BYTES, 0),
    "date": (Family.DATE, 0),
}
_ADVICE = {
    "string": "Write `varchar(255)` for text of up to 255 characters.",
    "str": "Write `varchar(255)` for text of up to 255 characters.",
    "varchar": "Give the greatest number of characters: `varchar(255)`.",
    "char": "Give the number of characters: `char(8)`.",
    "decimal": "Give digits and decimals: `decimal(8,2)`.",
    "array": "Write `<blob>` for arrays and other Python objects.",
    "object": "Write `<blob>` for arrays and other Python objects.",
    "ndarray": "Write `<blob>` for arrays and other Python objects.",
    "pickle": "Write `<blob>` for arrays and other Python objects.",
    "enum": "List the values: `enum('left', 'right')`.",
    "set": "Write a Part table with one row for each member.",
    "int128": "The largest integer is `int64`; `decimal(38,0)` holds more digits.",
    "uint8": "Write `int16`, or the native `tinyint unsigned`.",
    "uint16": "Write `int32`, or the native `smallint unsigned`.",
    "uint32": "Write `int64`, or the native `int unsigned`.",
    "uint64": "Write the native `bigint unsigned`.",
    "timedelta": "Write `float64` and say the unit in the comment.",
}
_MAX_LENGTHS = {"char": 255, "varchar": 16_383}
_MAX_DIGITS, _MAX_SCALE = 65, 30
"""Of text in four-byte characters and of decimals: what MySQL and MariaDB hold."""
_MAX_FLOAT_DIGITS, _MAX_BITS = 255, 53
"""Of ``float(digits, scale)`` and of ``float(bits)``."""
_MAX_VALUES = 65_535
"""Of an enum."""
_LONGEST = 1000
"""Characters of any type but an enum, far more than one has; Python itself refuses to read numbers much longer."""

KNOWN = (
    *_SIMPLE, "datetime", "datetime(n)", "char(n)", "varchar(n)", "decimal(m,n)", "enum(…)", "<blob>",
    *_NATIVE_INTEGERS, "float", "double", "longblob", "text", "time", "timestamp", "year",
)  # fmt: skip


def parse_values(text: str) -> tuple[str, ...] | None:
    """Return the values of ``'a', 'b'`` (single or double quotes, doubled inside), or None if it is no such list."""
    item = r"""\s*(?:'((?:[^'\\]|''|\\.)*)'|"((?:[^"\\]|""|\\.)*)")\s*"""
    if not re.fullmatch(f"{item}(?:,{item})*", text, re.S):
        return None
    found = []
    for single, double in re.findall(item, text, re.S):
        raw = single.replace("''", "'") if single else double.replace('""', '"')
        found.append(re.sub(r"\\(.)", r"\1", raw))
    return tuple(found)


@lru_cache(maxsize=4096)
def parse_type(text: str) -> AttributeType:
    """
    Read a type as it stands in a definition.

    Raises
    ------
    UnknownTypeError
        It is none of the types in this module's table; the nearest one is offered.
    """
    if match := re.fullmatch(r"enum\s*\((.*)\)", text.strip(), re.I | re.S):
        if found := _read_enum(match[1]):
            return found
    elif len(text.strip()) > _LONGEST:
        raise UnknownTypeError(f"'{text.strip()[:40]}…' is not a type.", remedy=f"Known types are: {', '.join(KNOWN)}.")
    spelled = re.sub(r"\s+", " ", text.strip())
    lower = spelled.lower()
    if found := _read_codec(spelled):
        return found
    if lower in _SIMPLE:
        family, bits = _SIMPLE[lower]
        return AttributeType(lower, family, bits=bits)
    if lower in ("boolean", "bool"):
        return AttributeType("bool", Family.BOOL)
    if lower == "jsonb":
        return AttributeType("json", Family.JSON)
    if match := re.fullmatch(r"(var)?char ?\( ?([0-9]+) ?\)", lower):
        length, name = int(match[2]), "varchar" if match[1] else "char"
        if not 0 < length <= _MAX_LENGTHS[name]:
            raise UnknownTypeError(
                f"`{name}` holds 1 to {_MAX_LENGTHS[name]} characters, not {length}.",
                remedy=f"Write `varchar(n)` with n up to {_MAX_LENGTHS['varchar']}; "
                "`longtext`, outside the primary key, has no limit.",
            )
        return AttributeType(f"{name}({length})", Family.STRING, length=length, fixed=not match[1])
    if match := re.fullmatch(r"datetime(?: ?\( ?([0-6]) ?\))?", lower):
        scale = int(match[1] or 0)
        return AttributeType(f"datetime({scale})" if match[1] else "datetime", Family.DATETIME, scale=scale)
    if match := re.fullmatch(r"decimal ?\( ?([0-9]+) ?, ?([0-9]+) ?\)", lower):
        digits, scale = _decimal_size(match[1], match[2])
        return AttributeType(lower, Family.DECIMAL, digits=digits, scale=scale)
    if native := parse_native(lower):
        return native
    word = re.split(r"[\s(<@]", lower.lstrip("<"), maxsplit=1)[0]
    remedy = _ADVICE.get(word) or f"{did_you_mean(lower[:_LONGEST], KNOWN)}Known types are: {', '.join(KNOWN)}."
    shown = spelled if len(spelled) <= _LONGEST else f"{spelled[:40]}…"
    raise UnknownTypeError(f"'{shown}' is not a type.", remedy=remedy)


def _decimal_size(digits: str, scale: str) -> tuple[int, int]:
    """
    Return how many digits a decimal has in all and after the point.

    Raises
    ------
    UnknownTypeError
        No database holds as many.
    """
    found = int(digits), int(scale)
    if not (0 < found[0] <= _MAX_DIGITS and found[1] <= min(found[0], _MAX_SCALE)):
        raise UnknownTypeError(
            f"`decimal` has 1 to {_MAX_DIGITS} digits, at most {_MAX_SCALE} and no more than all after the point.",
            remedy="`decimal(8,2)` has eight digits, two of them after the point.",
        )
    return found


def _check_float_size(name: str, digits: str | None, scale: str | None) -> None:
    """
    Refuse a size that no database has: ``float(bits)``, or ``(digits, scale)`` of any float.

    Raises
    ------
    UnknownTypeError
        The size is too large, or there are more digits after the point than in all.
    """
    most = _MAX_BITS if scale is None else _MAX_FLOAT_DIGITS
    if digits is not None and (
        int(digits) > most
        or (scale is None and name != "float")
        or (scale is not None and int(scale) > min(int(digits), _MAX_SCALE))
    ):
        raise UnknownTypeError(f"`{name}` has no such size.", remedy="Write `float64` or `float32`; they need no size.")


def _read_enum(listed: str) -> AttributeType | None:
    """
    Return the type of an enum, or None if its values cannot be read.

    Raises
    ------
    UnknownTypeError
        A value is listed twice, or there are too many.
    """
    values = parse_values(listed)
    if not values:
        return None
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise UnknownTypeError(f"The enum lists {value!r} twice.", remedy="List every value once.")
        seen.add(value)
    if len(values) > _MAX_VALUES:
        raise UnknownTypeError(
            f"The enum lists {len(values)} values; {_MAX_VALUES} are allowed.",
            remedy="Declare a Lookup table with a row for each value, and refer to it.",
        )
    # As it is written, blanks and all, like DataJoint, which cannot read double quotes.
    return AttributeType(enum_text(values) if '"' in listed else f"enum({listed})", Family.ENUM, values=values)


def _read_codec(spelled: str) -> AttributeType | None:
    match = re.fullmatch(r"<\s*([a-zA-Z_]\w*)\s*(?:(@)\s*([\w-]*))?\s*>", spelled)
    if match is None:
        match = re.fullmatch(r"(blob|attach|filepath)(@)([a-z][\w-]*)", spelled)
    if match is None:
        if spelled.lower() in _CLASSIC_BLOBS:
            return AttributeType("<blob>", Family.CODEC, codec="blob")
        if spelled.lower() == "attach":
            return AttributeType("<attach>", Family.CODEC, codec="attach")
        return None
    store = match[3] if match[2] else None
    text = f"<{match[1]}>" if store is None else f"<{match[1]}@{store}>"
    return AttributeType(text, Family.CODEC, codec=match[1], store=store)


def enum_text(values: tuple[str, ...]) -> str:
    """Return the type of an enum with these values, ``enum('a','b')``."""
    listed = ",".join("'" + value.replace("\\", "\\\\").replace("'", "''") + "'" for value in values)
    return f"enum({listed})"


def parse_native(lower: str) -> AttributeType | None:
    """
    Return a native type of MySQL from its lower-case text, or None if it is not one that djnb declares.

    Raises
    ------
    UnknownTypeError
        A float or a decimal has a size that no database has.
    """
    if match := re.fullmatch(r"(\w+?)(?: ?\( ?[0-9]+ ?\))?( unsigned)?( auto_increment)?", lower):
        bits = _NATIVE_INTEGERS.get(match[1])
        if bits:
            # A display width, as in int(11), is nothing of the type.
            text = match[1] + (match[2] or "") + (match[3] or "")
            return AttributeType(
                text, Family.INTEGER, is_core=False, bits=bits, unsigned=bool(match[2]), autoincrement=bool(match[3])
            )
    if lower == "serial":
        return AttributeType(
            "bigint unsigned auto_increment", Family.INTEGER, is_core=False, bits=64, unsigned=True, autoincrement=True
        )
    if match := re.fullmatch(
        r"(float|double precision|double|real)(?: ?\( ?([0-9]+)(?: ?, ?([0-9]+))? ?\))?( unsigned)?", lower
    ):
        _check_float_size(match[1], match[2], match[3])
        # float(p) of more than 24 bits is a double.
        bits = 32 if match[1] == "float" and int(match[2] or 0) <= 24 else 64
        return AttributeType(lower, Family.FLOAT, is_core=False, bits=bits, unsigned=bool(match[4]))
    if match := re.fullmatch(
        r"(?:decimal|numeric|dec|fixed)(?: ?\( ?([0-9]+)(?: ?, ?([0-9]+))? ?\))?( unsigned)?", lower
    ):
        digits, scale = _decimal_size(match[1] or "10", match[2] or "0")
        return AttributeType(lower, Family.DECIMAL, is_core=False, digits=digits, scale=scale, unsigned=bool(match[3]))
    if match := re.fullmatch(r"(time|timestamp)(?: ?\( ?([0-6]) ?\))?", lower):
        family = Family.TIME if match[1] == "time" else Family.DATETIME
        return AttributeType(lower, family, is_core=False, scale=int(match[2] or 0))
    if lower in _TEXTS:
        return AttributeType(lower, Family.STRING, is_core=False, length=_TEXTS[lower])
    if re.fullmatch(r"year(?: ?\( ?4 ?\))?", lower):
        return AttributeType("year", Family.INTEGER, is_core=False, bits=16, unsigned=True)
    return None


def read_type(sql_type: str, marker: str | None) -> AttributeType:
    """
    Return the type of a column that is in a database already.

    Parameters
    ----------
    sql_type : str
        As the database spells it, for example ``int(11)`` or ``longblob``.
    marker : str or None
        The type that the column's comment records.

    Notes
    -----
    An unmarked blob column may hold packed values or raw bytes; it is given the codec ``unmarked``, which looks at
    each value's first bytes. A type that djnb does not declare is read as bytes or text.
    """
    if marker is not None:
        try:
            return parse_type(marker)
        except UnknownTypeError:
            return AttributeType(marker, Family.BYTES if "binary" in sql_type else Family.STRING, is_core=False)
    spelled = re.sub(r"\s+", " ", sql_type.strip())
    lower = spelled.lower()
    if lower in _CLASSIC_BLOBS:
        return AttributeType(lower, Family.CODEC, is_core=False, codec="unmarked")
    if "binary" in lower or re.match(r"bit\b|geometry", lower):
        return AttributeType(lower, Family.BYTES, is_core=False)
    try:
        native = (len(lower) <= _LONGEST and parse_native(re.sub(r" zerofill$", "", lower))) or parse_type(spelled)
    except UnknownTypeError:
        return AttributeType(lower, Family.STRING, is_core=False)
    return AttributeType(**{**{s: getattr(native, s) for s in native.__slots__}, "is_core": False})
