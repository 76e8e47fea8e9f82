"""
Running ``make()``: which keys are missing, one transaction for each, and what came of it.
"""
