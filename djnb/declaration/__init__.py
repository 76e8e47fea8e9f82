"""
Making tables: from a class's definition to a table in the database.
"""
