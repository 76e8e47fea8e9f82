"""The fixed questions to the server about what it holds."""

# Everything about the tables of a schema, in one statement: what each row says depends on its first column.
LOAD_SCHEMA = """
SELECT 'schema' AS kind, schema_name AS a, default_collation_name AS b, '' AS c, '' AS d, 0 AS n, '' AS e, '' AS f,
       NULL AS g, NULL AS h, '' AS i
  FROM information_schema.schemata WHERE schema_name = %s
UNION ALL
SELECT 'table', table_name, table_comment, '', '', 0, '', '', NULL, NULL, ''
  FROM information_schema.tables WHERE table_schema = %s
UNION ALL
SELECT 'column', table_name, column_name, column_type, column_comment, ordinal_position, is_nullable, extra,
       column_default, collation_name, column_key
  FROM information_schema.columns WHERE table_schema = %s
UNION ALL
SELECT 'key', table_name, column_name, constraint_name, '', ordinal_position, referenced_table_schema,
       referenced_table_name, referenced_column_name, NULL, ''
  FROM information_schema.key_column_usage WHERE table_schema = %s
UNION ALL
SELECT 'index', table_name, column_name, index_name, '', seq_in_index, CAST(non_unique AS CHAR), '', NULL, NULL, ''
  FROM information_schema.statistics WHERE table_schema = %s
ORDER BY kind, a, n, char_length(c), c
"""

# The databases that the user can see and that are not the server's own.
LIST_SCHEMAS = """
SELECT schema_name FROM information_schema.schemata
 WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY schema_name
"""

# Every foreign key that the user can see, for finding what depends on a table in whichever schema.
LOAD_REFERENCES = """
SELECT table_schema, table_name, constraint_name, ordinal_position, column_name,
       referenced_table_schema, referenced_table_name, referenced_column_name
  FROM information_schema.key_column_usage WHERE referenced_table_schema IS NOT NULL
"""

# How large the tables of a schema are, in bytes, as the server's statistics say.
SIZE_OF_SCHEMA = """
SELECT CAST(SUM(data_length + index_length) AS UNSIGNED) FROM information_schema.tables WHERE table_schema = %s
"""
