"""Writing definitions: the other direction of ``definition``, for tables that are in a database already."""

from __future__ import annotations

import re
from collections.abc import Iterable

from djnb.model.attribute import NULL, Default
from djnb.model.core_types import AttributeType, Family
from djnb.model.definition import AttributeLine, Definition, ForeignKeyLine, IndexLine, Line

_NUMBERS = {Family.INTEGER, Family.FLOAT, Family.DECIMAL, Family.BOOL}


def write_definition(definition: Definition) -> str:
    """
    Return the text of a definition; reading it gives the same lines.

    What a line of text cannot hold, line breaks in comments, becomes blanks.
    """
    texts = [_text_of(line) for line in definition.lines]
    width = max((len(text) for text, comment in texts if comment), default=0)
    written = [f"# {_on_one_line(definition.comment)}"] if definition.comment else []
    is_divided = False
    for line, (text, comment) in zip(definition.lines, texts, strict=True):
        if not line.in_key and not is_divided:
            written.append("---")
            is_divided = True
        written.append(f"{text:<{width}}  # {_on_one_line(comment)}" if comment else text)
    return "\n".join(written)


def write_default(default: Default, attribute_type: AttributeType) -> str:
    """Return a default as a definition says it: numbers bare, other values in quotes."""
    if default == NULL:
        return "null"
    if default.is_keyword:
        return default.text
    if attribute_type.family in _NUMBERS and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", default.text):
        return default.text
    quote = "'" if '"' in default.text and "'" not in default.text else '"'
    return quote + _on_one_line(default.text.replace(quote, quote * 2)) + quote


def write_foreign_key(expression: str, *, is_nullable: bool = False, is_unique: bool = False) -> str:
    """Return ``-> [nullable, unique] expression``."""
    options = ", ".join(name for name, holds in (("nullable", is_nullable), ("unique", is_unique)) if holds)
    return f"-> [{options}] {expression}" if options else f"-> {expression}"


def write_index(entries: Iterable[str], *, is_unique: bool = False) -> str:
    """Return ``unique index(a, b)``."""
    return f"{'unique ' if is_unique else ''}index({', '.join(entries)})"


def _text_of(line: Line) -> tuple[str, str]:
    """Return a line without its comment, and the comment."""
    match line:
        case AttributeLine():
            default = "" if line.default is None else f" = {write_default(line.default, line.type)}"
            return f"{line.name}{default} : {line.type.text}", line.comment
        case ForeignKeyLine():
            text = write_foreign_key(line.expression, is_nullable=line.is_nullable, is_unique=line.is_unique)
            return text, ""
        case IndexLine():
            return write_index(line.names, is_unique=line.is_unique), ""
    raise TypeError(f"{type(line).__name__} is no line of a definition")


def _on_one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).strip() if "\n" in text else text
