"""
How it is said: statements from the algebra, for whichever dialect arrives as an argument.
"""
