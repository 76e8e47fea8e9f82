"""One attribute of a heading, and the comment in which the database records its type."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from djnb.errors import UnknownTypeError
from djnb.model.core_types import COMPUTED, AttributeType, Family, parse_type

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Default:
    """
    What an attribute has when a row does not say.

    Attributes
    ----------
    text : str
        The value as text, without quotes.
    is_keyword : bool
        ``NULL`` or ``CURRENT_TIMESTAMP`` rather than a value.
    """

    text: str
    is_keyword: bool = False


NULL = Default("NULL", is_keyword=True)


@dataclass(frozen=True, slots=True)
class Attribute:
    """
    An attribute of a table or of a query.

    Attributes
    ----------
    name : str
        Its name; a leading underscore hides it.
    type : AttributeType
        What its values are.
    in_key : bool
        Whether it belongs to the primary key.
    nullable : bool
        Whether it may be None.
    default : Default or None
        None where every row must give a value.
    comment : str
        As written in the definition, without the recorded type.
    lineage : str or None
        Where a key or foreign-key attribute was first declared, ``schema.table.attribute``.
    sql_type : str
        As the database spells it; empty for what is computed or not declared yet.
    collation : str or None
        Of text in a database that says it for each column; a foreign key must have its parent's.
    is_marked : bool
        Whether the comment in the database records the type.
    attribute_expression : str or None
        Of an attribute that a query computes or renames: the expression, as it was written, or the former name in back
        quotes. Two attributes may be equal although they come from different expressions.
    """

    name: str
    type: AttributeType = COMPUTED
    in_key: bool = False
    nullable: bool = False
    default: Default | None = None
    comment: str = ""
    lineage: str | None = None
    sql_type: str = ""
    collation: str | None = None
    is_marked: bool = False
    attribute_expression: str | None = field(default=None, compare=False)

    @property
    def is_hidden(self) -> bool:
        """Whether it stays out of headings, joins and fetches."""
        return self.name.startswith("_")

    @property
    def is_blob(self) -> bool:
        """Whether a value may be large."""
        return self.type.is_blob

    @property
    def autoincrement(self) -> bool:
        """Whether the database numbers the rows."""
        return self.type.autoincrement

    @property
    def original_type(self) -> str:
        """The type as it was declared."""
        return self.type.text

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self.type.family in (Family.INTEGER, Family.FLOAT, Family.DECIMAL)

    @property
    def string(self) -> bool:
        """Whether values are text, or dates and times, which SQL writes as text."""
        families = (Family.STRING, Family.ENUM, Family.DATE, Family.DATETIME, Family.TIME)
        return self.type.family in families

    @property
    def uuid(self) -> bool:
        """Whether values are UUIDs."""
        return self.type.family is Family.UUID

    @property
    def json(self) -> bool:
        """Whether values are JSON documents."""
        return self.type.family is Family.JSON

    @property
    def codec(self) -> str | None:
        """The name of the codec that packs the values, or None."""
        return self.type.codec or None

    @property
    def store(self) -> str | None:
        """The name of the store that keeps the values, empty for the default one; None if they are in the table."""
        return self.type.store

    @property
    def unsupported(self) -> bool:
        """Whether the database's type is none that djnb declares; such values are fetched as text or bytes."""
        try:
            parse_type(self.type.text or "bool")
        except UnknownTypeError:
            return True
        return False

    @property
    def dtype(self) -> np.dtype[Any]:
        """
        The numpy dtype that holds any value: a number's own, and ``object`` for everything else.

        An integer that may be None is an ``object`` too; a float has NaN for it. `to_arrays` finds a closer one where
        the values that it fetches allow that.
        """
        import numpy as np

        kind = self.type
        if kind.family is Family.FLOAT:
            return np.dtype(f"f{kind.bits // 8}")
        return np.dtype(object if kind.family is not Family.INTEGER or self.nullable else self.integer_dtype)

    @property
    def integer_dtype(self) -> str:
        """The name of the smallest numpy dtype that holds the integers of the attribute."""
        bits = next(size for size in (8, 16, 32, 64) if self.type.bits <= size)
        return f"{'u' if self.type.unsigned else ''}int{bits}"

    @property
    def is_required(self) -> bool:
        """Whether every new row must give a value."""
        return self.default is None and not self.nullable and not self.autoincrement


def join_marker(type_text: str | None, comment: str) -> str:
    """Return a column's comment, with its type recorded in front if there is one: ``:int32:the id``."""
    return comment if type_text is None else f":{type_text}:{comment}"


def split_marker(comment: str) -> tuple[str | None, str]:
    """
    Return the recorded type, or None, and the comment proper.

    The type may hold colons within quotes, as in ``enum('a:b')``.
    """
    # A doubled quote ends one text and begins the next: said once more, it would be tried in every combination.
    match = re.match(r""":((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^:'"])+):(.*)$""", comment, re.S)
    return (match[1], match[2]) if match else (None, comment)
