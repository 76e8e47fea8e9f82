"""
How tables depend on each other: foreign keys as a graph, and what follows from it. Pure.
"""
