"""
What a table is: types, attributes, headings, definitions, names. Pure values, no database.
"""
