"""
The functions that a restriction or an expression may use, and that mean the same on every database.

``FUNCTIONS`` is the one list of them: the reader checks names and numbers of arguments against it, every backend that
lacks a function implements it, the tests evaluate each one on every database, and ``dj.functions`` shows it.
Names are in upper case here; users write them as they like.

==============  ==============================================================================================
argument        is
==============  ==============================================================================================
``text``        text; numbers and times are written as text
``number``      an integer, a decimal or a float; the number that a text begins with
``integer``     the same, rounded
``moment``      a date or a datetime, or text that says one
``time``        a time of day or a span, or text that says one
``any``         whatever an attribute holds
``condition``   true or false; a number that is not zero is true
``json``        an attribute of type ``json``, or text that is JSON
``path``        a JSON path: ``'$.rig.name'``, ``'$.days[0]'``
``interval``    ``INTERVAL 3 DAY``, ``INTERVAL '1:30' MINUTE_SECOND``
``unit``        ``MICROSECOND``, ``SECOND``, ``MINUTE``, ``HOUR``, ``DAY``, ``WEEK``, ``MONTH``, ``QUARTER``, ``YEAR``
``[…]``         may be left out
``...``         as many more as you like
==============  ==============================================================================================

What is NULL makes the result NULL, but where a function says otherwise. Times are UTC.

What databases cannot do alike: MariaDB takes ``'a'`` and ``'a '`` for equal, where the collation pads. Sums
and products beyond 64 bits are errors on servers and floats in SQLite. Only servers have ``UNSIGNED`` numbers from
2**63 on.
``GREATEST`` of a date and a text is a date on MariaDB and a text elsewhere. A quotient as text has other digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Function:
    """
    A function of SQL.

    Attributes
    ----------
    name : str
        In upper case.
    arguments : str
        Kinds of arguments, as the table in this module's docstring explains them.
    gives : str
        The core type of its value; or what it depends on: ``same`` as all arguments, ``first`` as the first one,
        ``second`` as the second and those after it; ``number`` of a kind that follows from the arguments, ``moment``
        of the kind that was moved, ``parsed`` as the format says, ``varies`` with the value.
    says : str
        One sentence.
    group : str
        What it is about.
    also : tuple of str
        Other names for it.
    """

    name: str
    arguments: str
    gives: str
    says: str
    group: str
    also: tuple[str, ...] = ()

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its arguments, those that may be left out among them."""
        return tuple(kind for kind in re.split(r"[\s,\[\]]+", self.arguments) if kind and kind != "...")

    @cached_property
    def least(self) -> int:
        """How few arguments it takes."""
        return len([kind for kind in re.split(r"[\s,]+", re.sub(r"\[.*\]", "", self.arguments)) if kind.strip(".")])

    @cached_property
    def most(self) -> int | None:
        """How many arguments it takes; None if there is no limit."""
        return None if "..." in self.arguments else len(self.kinds)

    def kind_of(self, place: int) -> str:
        """Return the kind of an argument by its place; the last one repeats."""
        return self.kinds[min(place, len(self.kinds) - 1)] if self.kinds else "any"

    @property
    def usage(self) -> str:
        """How it is written."""
        return f"{self.name}({self.arguments})"


_LISTED: dict[str, list[tuple[str, ...]]] = {
    "Choice": [
        ("IF", "condition, any, any", "second", "The second where the first is true, else the third."),
        ("IFNULL", "any, any", "same", "The first, or the second where that is NULL."),
        ("NULLIF", "any, any", "first", "The first; NULL where the two are equal."),
        ("COALESCE", "any, ...", "same", "The first that is not NULL."),
        ("ISNULL", "any", "bool", "Whether it is NULL."),
        ("GREATEST", "any, any, ...", "same", "The greatest; NULL if any is NULL."),
        ("LEAST", "any, any, ...", "same", "The least; NULL if any is NULL."),
    ],
    "Text": [
        ("CONCAT", "text, ...", "longtext", "The texts, one after the other."),
        ("CONCAT_WS", "text, text, ...", "longtext", "The texts after the first, joined by it; NULLs are passed over."),
        ("LENGTH", "text", "int64", "The number of bytes in UTF-8.", "OCTET_LENGTH"),
        ("CHAR_LENGTH", "text", "int64", "The number of characters.", "CHARACTER_LENGTH"),
        ("UPPER", "text", "longtext", "In upper case.", "UCASE"),
        ("LOWER", "text", "longtext", "In lower case.", "LCASE"),
        ("LEFT", "text, integer", "longtext", "The first characters."),
        ("RIGHT", "text, integer", "longtext", "The last characters."),
        (
            "SUBSTRING",
            "text, integer [, integer]",
            "longtext",
            "From a place on, which counts from 1 or, if negative, from the end; that many characters.",
            "SUBSTR",
            "MID",
        ),
        (
            "SUBSTRING_INDEX",
            "text, text, integer",
            "longtext",
            "What stands before the n-th occurrence of the second; after it, counted from the end, if n is negative.",
        ),
        ("LOCATE", "text, text [, integer]", "int64", "Where the first begins in the second, from a place on; else 0."),
        ("INSTR", "text, text", "int64", "Where the second begins in the first; else 0."),
        ("REPLACE", "text, text, text", "longtext", "With the third in place of the second."),
        ("INSERT", "text, integer, integer, text", "longtext", "With so many characters from a place on replaced."),
        ("TRIM", "text", "longtext", "Without blanks at the ends; also `TRIM(LEADING 'x' FROM name)`."),
        ("LTRIM", "text", "longtext", "Without blanks at the beginning."),
        ("RTRIM", "text", "longtext", "Without blanks at the end."),
        ("LPAD", "text, integer, text", "longtext", "Filled up, or cut, to so many characters, at the beginning."),
        ("RPAD", "text, integer, text", "longtext", "Filled up, or cut, to so many characters, at the end."),
        ("REPEAT", "text, integer", "longtext", "So many times."),
        ("REVERSE", "text", "longtext", "From the end to the beginning."),
        ("SPACE", "integer", "longtext", "So many blanks."),
        ("STRCMP", "text, text", "int64", "-1, 0 or 1, as the first comes before, with or after the second."),
        ("FIND_IN_SET", "text, text", "int64", "Its place among those that the second lists with commas; else 0."),
        ("FIELD", "text, text, ...", "int64", "The place of the first among the others; else 0, for NULL too."),
        ("ELT", "integer, text, ...", "longtext", "The text at a place; NULL if there is none."),
        ("HEX", "any", "longtext", "A text's bytes, or a number, in hexadecimal digits."),
        ("UNHEX", "text", "bytes", "The bytes that hexadecimal digits say; NULL if they say none."),
        ("ASCII", "text", "int64", "The first byte; 0 for an empty text."),
        ("ORD", "text", "int64", "The bytes of the first character as one number."),
        ("MD5", "text", "longtext", "The MD5 digest in hexadecimal digits."),
        ("SHA1", "text", "longtext", "The SHA-1 digest in hexadecimal digits.", "SHA"),
        ("SHA2", "text, integer", "longtext", "The SHA-2 digest of 224, 256, 384 or 512 bits; NULL for other sizes."),
        ("CRC32", "text", "int64", "The checksum."),
    ],
    "Numbers": [
        ("ABS", "number", "same", "Without its sign."),
        ("SIGN", "number", "int64", "-1, 0 or 1."),
        (
            "ROUND",
            "number [, integer]",
            "number",
            "To so many decimals: decimals and integers half away from zero, floats half to even.",
        ),
        ("TRUNCATE", "number, integer", "number", "Cut to so many decimals."),
        ("FLOOR", "number", "number", "The whole number that is not above."),
        ("CEIL", "number", "number", "The whole number that is not below.", "CEILING"),
        ("MOD", "number, number", "number", "The rest of a division, with the first's sign; NULL for division by 0."),
        ("SQRT", "number", "float64", "The square root; NULL of a negative number."),
        ("POW", "number, number", "float64", "The power.", "POWER"),
        ("EXP", "number", "float64", "e to the power."),
        ("LN", "number", "float64", "The natural logarithm; NULL of what is not above 0."),
        ("LOG", "number [, number]", "float64", "The natural logarithm; of the second to the first's base."),
        ("LOG2", "number", "float64", "The logarithm to the base of 2."),
        ("LOG10", "number", "float64", "The logarithm to the base of 10."),
        ("SIN", "number", "float64", "The sine of radians."),
        ("COS", "number", "float64", "The cosine of radians."),
        ("TAN", "number", "float64", "The tangent of radians."),
        ("COT", "number", "float64", "The cotangent of radians."),
        ("ASIN", "number", "float64", "The arc sine; NULL of what is outside -1 to 1."),
        ("ACOS", "number", "float64", "The arc cosine; NULL of what is outside -1 to 1."),
        ("ATAN", "number [, number]", "float64", "The arc tangent; of the two's quotient, in its quadrant.", "ATAN2"),
        ("PI", "", "float64", "3.141592653589793."),
        ("DEGREES", "number", "float64", "Radians in degrees."),
        ("RADIANS", "number", "float64", "Degrees in radians."),
        ("RAND", "", "float64", "A random number from 0 to below 1, another one for each row."),
        ("BIT_COUNT", "integer", "int64", "The number of bits that are set, of 64."),
    ],
    "Dates and times": [
        ("NOW", "[integer]", "datetime", "The present time, with so many digits of a second.",
         "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "SYSDATE"),
        ("UTC_TIMESTAMP", "[integer]", "datetime", "The present time."),
        ("CURDATE", "", "date", "Today.", "CURRENT_DATE"),
        ("UTC_DATE", "", "date", "Today."),
        ("CURTIME", "[integer]", "time", "The present time of day.", "CURRENT_TIME"),
        ("UTC_TIME", "[integer]", "time", "The present time of day."),
        ("DATE", "moment", "date", "The date."),
        ("TIME", "time", "time", "The time of day."),
        ("TIMESTAMP", "moment", "datetime", "The datetime; a date's begins at midnight."),
        ("YEAR", "moment", "int64", "The year."),
        ("QUARTER", "moment", "int64", "1 to 4."),
        ("MONTH", "moment", "int64", "1 to 12."),
        ("WEEK", "moment [, integer]", "int64", "The week of the year, counted in MySQL's mode 0 to 7."),
        ("WEEKOFYEAR", "moment", "int64", "The week of the ISO calendar."),
        ("YEARWEEK", "moment [, integer]", "int64", "Year and week: 202401."),
        ("DAYOFMONTH", "moment", "int64", "1 to 31.", "DAY"),
        ("DAYOFWEEK", "moment", "int64", "1 is Sunday, 7 is Saturday."),
        ("WEEKDAY", "moment", "int64", "0 is Monday, 6 is Sunday."),
        ("DAYOFYEAR", "moment", "int64", "1 to 366."),
        ("DAYNAME", "moment", "longtext", "The day of the week in English."),
        ("MONTHNAME", "moment", "longtext", "The month in English."),
        ("LAST_DAY", "moment", "date", "The last day of the month."),
        ("HOUR", "time", "int64", "The hours."),
        ("MINUTE", "time", "int64", "The minutes."),
        ("SECOND", "time", "int64", "The seconds."),
        ("MICROSECOND", "time", "int64", "The microseconds."),
        ("DATE_ADD", "moment, interval", "moment", "So much later; `day + INTERVAL 1 DAY` is the same."),
        ("DATE_SUB", "moment, interval", "moment", "So much earlier; `day - INTERVAL 1 DAY` is the same."),
        ("ADDDATE", "moment, integer", "moment", "So many days later; takes an interval too."),
        ("SUBDATE", "moment, integer", "moment", "So many days earlier; takes an interval too."),
        ("DATEDIFF", "moment, moment", "int64", "The days from the second to the first."),
        ("TIMESTAMPDIFF", "unit, moment, moment", "int64", "The whole units from the second to the third."),
        ("TIMESTAMPADD", "unit, integer, moment", "moment", "So many units later."),
        ("TIMEDIFF", "time, time", "time", "The span from the second to the first; both are times, or both datetimes."),
        ("DATE_FORMAT", "moment, format", "longtext", "As text: `'%Y-%m-%d'`."),
        ("STR_TO_DATE", "text, format", "parsed", "What a text of that format says; NULL if it says nothing."),
        ("UNIX_TIMESTAMP", "[moment]", "number", "Seconds since 1970."),
        ("FROM_UNIXTIME", "integer", "datetime", "The datetime that so many seconds since 1970 say."),
        ("SEC_TO_TIME", "integer", "time", "The span of so many seconds."),
        ("TIME_TO_SEC", "time", "int64", "The seconds of a span."),
        ("TO_DAYS", "moment", "int64", "The days since the year 0."),
        ("FROM_DAYS", "integer", "date", "The date so many days after the year 0."),
        ("MAKEDATE", "integer, integer", "date", "The day of a year."),
    ],
    "JSON": [
        ("JSON_EXTRACT", "json, path", "varies", "What stands at the path, as JSON; `meta->'$.rig'` is the same."),
        ("JSON_VALUE", "json, path", "longtext", "The value at the path; NULL for a list or an object."),
        ("JSON_UNQUOTE", "text", "longtext", "What a JSON text says; `meta->>'$.rig'` extracts and unquotes."),
        ("JSON_CONTAINS", "json, json [, path]", "bool", "Whether the first, or what stands there, has the second."),
        ("JSON_LENGTH", "json [, path]", "int64", "How many items a list or an object has; 1 for a value."),
        ("JSON_TYPE", "json", "longtext", "OBJECT, ARRAY, STRING, INTEGER, DOUBLE, BOOLEAN or NULL."),
        ("JSON_VALID", "text", "bool", "Whether a text is JSON."),
    ],
    "Many rows": [
        ("COUNT", "any, ...", "int64", "How many are not NULL; `COUNT(*)` counts rows, `COUNT(DISTINCT x)` values."),
        ("SUM", "number", "number", "The sum; NULL of no rows."),
        ("AVG", "number", "float64", "The mean."),
        ("MIN", "any", "same", "The least."),
        ("MAX", "any", "same", "The greatest."),
        ("STD", "number", "float64", "The standard deviation of the population.", "STDDEV", "STDDEV_POP"),
        ("STDDEV_SAMP", "number", "float64", "The standard deviation of the sample; NULL of one row."),
        ("VAR_POP", "number", "float64", "The variance of the population.", "VARIANCE"),
        ("VAR_SAMP", "number", "float64", "The variance of the sample; NULL of one row."),
        ("BIT_AND", "integer", "int64", "The bits that all have; -1 of no rows."),
        ("BIT_OR", "integer", "int64", "The bits that any has; 0 of no rows."),
        ("BIT_XOR", "integer", "int64", "The bits that an odd number has; 0 of no rows."),
        ("GROUP_CONCAT", "text, ...", "longtext",
         "The texts with commas between; also `GROUP_CONCAT(DISTINCT name ORDER BY day DESC SEPARATOR '; ')`."),
        ("JSON_ARRAYAGG", "any", "json", "The values as a list."),
    ],
}  # fmt: skip


class Functions(Mapping[str, Function]):
    """The functions by name; shown as a table."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = dict(functions)

    def __getitem__(self, name: str) -> Function:
        return self._functions[canonical_name(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def __repr__(self) -> str:
        lines: list[str] = []
        group = ""
        for function in self._functions.values():
            if function.group != group:
                group = function.group
                lines += ["", group]
            also = f" Also {', '.join(function.also)}." if function.also else ""
            lines.append(f"  {function.usage:42} {function.says}{also}")
        return "\n".join(lines[1:])


ALIASES = {alias: row[0] for rows in _LISTED.values() for row in rows for alias in row[4:]}
"""Other names of the functions."""


def canonical_name(name: str) -> str:
    """Return the name under which a function is listed."""
    upper = name.upper()
    return ALIASES.get(upper, upper)


FUNCTIONS = Functions(
    {
        row[0]: Function(row[0], row[1], row[2], row[3], group, row[4:])
        for group, rows in _LISTED.items()
        for row in rows
    }
)
"""All functions that mean the same on every database."""

AGGREGATES = frozenset(name for name, function in FUNCTIONS.items() if function.group == "Many rows")
"""Those that make one value of many rows."""

BARE = frozenset({"UTC_TIMESTAMP", "UTC_DATE", "UTC_TIME"})
"""Those that may stand without parentheses, beside the ones that the reader knows as words of SQL."""

UNITS = ("MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
"""Units of time."""

COMPOUND_UNITS = (
    *("YEAR_MONTH", "DAY_HOUR", "DAY_MINUTE", "DAY_SECOND", "DAY_MICROSECOND", "HOUR_MINUTE", "HOUR_SECOND"),
    *("HOUR_MICROSECOND", "MINUTE_SECOND", "MINUTE_MICROSECOND", "SECOND_MICROSECOND"),
)
"""Units of intervals that are written as text, and of EXTRACT."""

_WINDOWS = """
    ROW_NUMBER RANK DENSE_RANK NTILE LAG LEAD FIRST_VALUE LAST_VALUE NTH_VALUE PERCENT_RANK CUME_DIST
"""
WINDOWS = frozenset(_WINDOWS.split())
"""Those that stand before OVER, which every database has under these names."""

_PASSED = """
    ADDTIME AES_DECRYPT AES_ENCRYPT ANY_VALUE BIN BIN_TO_UUID CHAR CHARSET COERCIBILITY COLLATION COMPRESS CONNECTION_ID
    CONV CONVERT_TZ CURRENT_USER DATABASE EXPORT_SET EXTRACTVALUE FORMAT FROM_BASE64 GET_FORMAT INET6_ATON INET6_NTOA
    INET_ATON INET_NTOA IS_UUID JSON_ARRAY JSON_ARRAY_APPEND JSON_CONTAINS_PATH JSON_DEPTH JSON_EXISTS JSON_KEYS
    JSON_MERGE_PATCH JSON_MERGE_PRESERVE JSON_OBJECT JSON_OBJECTAGG JSON_OVERLAPS JSON_PRETTY JSON_QUERY JSON_QUOTE
    JSON_REMOVE JSON_REPLACE JSON_SEARCH JSON_SET MAKETIME MAKE_SET NATURAL_SORT_KEY OCT PERIOD_ADD PERIOD_DIFF POINT
    QUOTE RANDOM_BYTES REGEXP_INSTR REGEXP_LIKE REGEXP_REPLACE REGEXP_SUBSTR ROW SCHEMA SOUNDEX ST_ASTEXT ST_DISTANCE
    ST_GEOMFROMTEXT ST_X ST_Y SUBTIME TIME_FORMAT TO_BASE64 TO_CHAR TO_SECONDS UNCOMPRESS UNCOMPRESSED_LENGTH USER UUID
    UUID_SHORT UUID_TO_BIN VERSION WEIGHT_STRING
"""
PASSED = frozenset(_PASSED.split())
"""Functions of the servers that may be used where the database has them; nothing is promised of them."""
