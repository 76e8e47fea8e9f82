"""
What can be asked: an immutable tree of relational operators. A query is a value.
"""
