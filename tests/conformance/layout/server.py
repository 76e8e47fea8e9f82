"""What a server says of its tables."""

from __future__ import annotations

import re

from tests import servers
from tests.conformance.layout.pipeline import MAIN, OTHER

COLUMNS = """
SELECT column_name, column_type, is_nullable, column_default, extra, column_comment
  FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
INDEXES = """
SELECT index_name, column_name, non_unique
  FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s ORDER BY index_name, seq_in_index
"""
REFERENCES = """
SELECT constraint_name, column_name, referenced_table_schema, referenced_table_name, referenced_column_name
  FROM information_schema.key_column_usage
 WHERE table_schema = %s AND table_name = %s AND referenced_table_name IS NOT NULL
 ORDER BY constraint_name, ordinal_position
"""
RULES = """
SELECT DISTINCT update_rule, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = %s
"""


def column_line(name, kind, nullable, default, extra, comment):
    """Return what is said of a column, as all servers say it."""
    kind = re.sub(r"\b(\w*int|year)\(\d+\)", r"\1", kind)  # display widths, which MySQL 8 no longer shows
    kind = "longtext" if kind == "json" else kind  # what MariaDB makes of it
    parts = [name, kind]
    if nullable == "YES":
        parts.append("null")
    if "auto_increment" in extra:
        parts.append("numbered")
    if default not in (None, "NULL"):
        if default.lower().startswith("current_timestamp"):
            default = default.lower().replace("()", "")
        parts.append("= " + default.strip("'"))  # MariaDB shows defaults as SQL, MySQL as text
    return " ".join(parts) + (f" # {comment}" if comment else "")


class Server:
    """A server's own account of what it holds, in the words of ``LAYOUT``."""

    def __init__(self, url):
        self.url = url

    def ask(self, statement, *arguments):
        return servers.run_statement(self.url, statement, arguments)

    def tables(self):
        found = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN (%s, %s)"
        return {f"{self.short(schema)}.{table}" for schema, table in self.ask(found, MAIN, OTHER) if table[0] != "~"}

    def short(self, schema):
        return {MAIN: "main", OTHER: "other"}[schema]

    def layout(self, name):
        short, _, table = name.partition(".")
        schema = {"main": MAIN, "other": OTHER}[short]
        comment = "SELECT table_comment FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
        lines = ["# " + self.ask(comment, schema, table)[0][0]]
        lines += [column_line(*row) for row in self.ask(COLUMNS, schema, table)]
        return lines + self.indexes(schema, table) + self.references(schema, table) + self.lineage(schema, table)

    def indexes(self, schema, table):
        found = {}
        for index, column, non_unique in self.ask(INDEXES, schema, table):
            kind = "PRIMARY KEY" if index == "PRIMARY" else "INDEX" if int(non_unique) else "UNIQUE"
            found.setdefault((kind, index), []).append(column)
        listed = [(kind, columns) for (kind, _), columns in found.items()]
        ranks = ["PRIMARY KEY", "UNIQUE", "INDEX"]
        listed.sort(key=lambda index: (ranks.index(index[0]), index[1]))
        return [f"{kind} ({', '.join(columns)})" for kind, columns in listed]

    def references(self, schema, table):
        found = {}
        for constraint, own, parent_schema, parent, there in self.ask(REFERENCES, schema, table):
            number = constraint.rpartition("_")[2]
            found.setdefault((number, f"{self.short(parent_schema)}.{parent}"), []).append((own, there))
        return [
            f"{number}: ({', '.join(own for own, _ in pairs)}) -> {parent} ({', '.join(there for _, there in pairs)})"
            for (number, parent), pairs in found.items()
        ]

    def lineage(self, schema, table):
        rows = self.ask(
            f"SELECT attribute_name, lineage FROM `{schema}`.`~lineage` WHERE table_name = %s ORDER BY 1", table
        )
        return [f"{name} <- {self.short(origin.partition('.')[0])}.{origin.partition('.')[2]}" for name, origin in rows]
