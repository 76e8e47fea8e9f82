"""How the server describes the tables of a schema, and the same tables declared anew by the code of them."""

from __future__ import annotations

import djnb


def declare_again(schema, other):
    """Declare the tables of a schema in another one, by the code that djnb writes of them."""
    code = djnb.Schema(schema, create_schema=False).code
    exec(code.replace(schema, other), {"__name__": "again"})


def layout(statement, schema):
    """
    Return columns, keys, indexes and lineages of all tables of a schema, without its name.

    What djnb hides in job tables for itself, behind DataJoint's columns, is left out.
    """
    shared = "NOT (table_name LIKE '~~%' AND column_name LIKE '|_%' ESCAPE '|')"
    columns = statement(
        "SELECT table_name, column_name, column_type, is_nullable, column_default, column_comment, extra "
        f"FROM information_schema.columns WHERE table_schema = '{schema}' AND {shared} "
        "ORDER BY table_name, ordinal_position"
    )
    keys = statement(
        "SELECT table_name, constraint_name, ordinal_position, column_name, referenced_table_name, "
        f"referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = '{schema}' "
        "ORDER BY table_name, constraint_name, ordinal_position"
    )
    indexes = statement(
        "SELECT table_name, index_name, seq_in_index, column_name, non_unique FROM information_schema.statistics "
        f"WHERE table_schema = '{schema}' AND {shared} ORDER BY table_name, index_name, seq_in_index"
    )
    comments = statement(
        f"SELECT table_name, table_comment FROM information_schema.tables WHERE table_schema = '{schema}' ORDER BY 1"
    )
    lineages = statement(f"SELECT * FROM `{schema}`.`~lineage` ORDER BY table_name, attribute_name")
    # Databases sort text in their own ways.
    return [sorted(map(str, rows)) for rows in _anonymous([columns, keys, indexes, comments, lineages], schema)]


def _anonymous(answers, schema):
    return [[repr(row).replace(schema, "…") for row in rows] for rows in answers]
