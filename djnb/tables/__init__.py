"""
What users subclass. A thin face: every method is a line or two into the room below that does the work.
"""
