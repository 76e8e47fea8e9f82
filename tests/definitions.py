"""Random definitions for property tests: what a user may write, in every corner of the grammar."""

from __future__ import annotations

from hypothesis import strategies as st

ODD = "%\"'`:{}\\#[]()-> ,;/*<@µ日本語é\u2028"
"""Characters that mean something to SQL, to a driver, to DataJoint or to the grammar; and others."""

texts = st.text(st.sampled_from("ab 1" + ODD), max_size=12)
comments = texts.map(str.strip).filter(lambda text: not text.startswith((":", "{")))
values = st.text(st.sampled_from("ab1 %\"'`:{}\\#é日"), min_size=1, max_size=6).map(str.strip).filter(bool)


def quoted(text: str, mark: str) -> str:
    """Return a text in quotes, which are doubled within."""
    return mark + text.replace(mark, mark * 2) + mark


def enum_of(listed: list[str], mark: str) -> str:
    """Return an enum's type as a user writes it."""
    return f"enum({', '.join(quoted(value.replace(chr(92), chr(92) * 2), mark) for value in listed)})"


marks = st.sampled_from("'\"")
key_types = st.sampled_from(
    ["int8", "int16", "int32", "int64", "bool", "uuid", "date", "datetime", "datetime(3)", "char(4)", "varchar(12)",
     "decimal(8,2)", "tinyint", "smallint", "mediumint", "int", "bigint", "tinyint unsigned", "smallint unsigned",
     "mediumint unsigned", "int unsigned", "bigint unsigned", "time", "year", "enum('a', 'b:c')"]
)  # fmt: skip
secondary_types = key_types | st.sampled_from(
    ["float32", "float64", "json", "bytes", "<blob>", "longblob", "tinytext", "text", "mediumtext", "longtext",
     "float", "double", "float unsigned", "decimal(65,30)", "numeric(5,1)", "time(3)", "timestamp"]
)  # fmt: skip
DEFAULTS = {
    "int8": ["-7"], "int16": ["300", "'300'"], "int32": ["0"], "int64": ["-9000000000"], "bool": ["true", "0", "1"],
    "date": ["'2020-02-29'"], "datetime": ["'2020-01-02 03:04:05'", "CURRENT_TIMESTAMP"],
    "datetime(3)": ["'2020-01-02 03:04:05.678'", "current_timestamp"], "char(4)": ["'ab'", '""'],
    "decimal(8,2)": ["1.50", "-2"], "tinyint": ["-128"], "bigint unsigned": ["18446744073709551615"],
    "time": ["'-01:02:03'"], "year": ["1999"], "enum('a', 'b:c')": ["'b:c'", "a"], "float32": ["0.5"],
    "float64": ["-1e-5", "2.5"], "decimal(65,30)": ["1.5"], "numeric(5,1)": ["7.5"], "time(3)": ["'1:02:03.5'"],
    "timestamp": ["CURRENT_TIMESTAMP", "'2020-01-02 03:04:05'"],
}  # fmt: skip


@st.composite
def attribute_lines(draw: st.DrawFn, name: str, *, in_key: bool) -> str:
    """Give the line of an attribute."""
    if draw(st.integers(0, 5)) == 0:
        listed = draw(st.lists(values, min_size=1, max_size=4, unique_by=str.casefold))
        kind, defaults = enum_of(listed, draw(marks)), [quoted(listed[-1], "'")]
    else:
        kind = draw(key_types if in_key else secondary_types)
        defaults = DEFAULTS.get(kind, [])
    if kind == "varchar(12)":
        defaults = [quoted(draw(texts.map(str.rstrip)), draw(marks))]
    if not in_key:
        defaults = [*defaults, "null", "NULL"]
    default = draw(st.sampled_from(["", "", *(f" = {text}" for text in defaults)]))
    comment = draw(comments)
    return f"{name}{default} : {kind}" + (f"  # {comment}" if comment else "")


@st.composite
def definitions(draw: st.DrawFn, parents: dict[str, list[str]] | None = None) -> str:
    """
    Give a definition that can be declared.

    Parameters
    ----------
    draw : callable
        Hypothesis's.
    parents : dict
        Names for foreign keys, and the attributes of their primary keys.
    """
    names = [f"a{i}" for i in range(draw(st.integers(1, 5)))] + draw(
        st.lists(st.sampled_from(["select", "index_x", "order", "rowid", "key"]), max_size=2, unique=True)
    )
    key_count = draw(st.integers(0, min(3, len(names))))
    comment = draw(comments)
    lines = [f"# {comment}"] if comment else []
    in_key: list[str] = []
    secondary: list[str] = []
    for position, name in enumerate(names):
        is_key = position < key_count
        if position == key_count:
            lines.append(draw(st.sampled_from(["---", "------", "___", "--- what follows"])))
        taken = in_key if is_key else secondary
        for parent, key in (parents or {}).items():
            if draw(st.integers(0, 4)) == 0:
                brought = {old: draw(st.sampled_from([old, f"{name}_{old}"])) for old in key}
                renames = ", ".join(f"{new}='{old}'" for old, new in brought.items() if old != new)
                options = draw(st.sampled_from(["", "[unique] "] if is_key else ["", "[Nullable, UNIQUE] "]))
                lines.append(f"-> {options}{parent}" + (f".proj({renames})" if renames else ""))
                taken += [new for new in brought.values() if new not in in_key + secondary]
        lines.append(draw(attribute_lines(name, in_key=is_key)))
        taken.append(name)
    lines += draw(st.sampled_from([[], [""], ["# a remark"]]))
    kinds = {line.split(" ")[0]: line for line in lines}
    plain = [name for name in in_key + secondary if not any(word in kinds.get(name, "") for word in _NOT_INDEXED)]
    for _ in range(draw(st.integers(0, 2)) if plain else 0):
        listed = draw(st.lists(st.sampled_from(plain), min_size=1, max_size=3, unique=True))
        unique = draw(st.sampled_from(["", "unique ", "UNIQUE  "]))
        lines.append(f"{unique}index({', '.join(listed)})" + draw(st.sampled_from(["", "  # a remark (or two)"])))
    return "\n".join(draw(st.sampled_from(["", "  "])) + line for line in lines)


_NOT_INDEXED = ("text", "blob", "bytes", "json")
