"""
The parts of the writer.

``parts`` what is gathered · ``scalars``, ``containers``, ``arrays`` how values of each kind are written · ``writers``
who writes which · ``refusal`` what has no form in a blob
"""
