"""
The parts of the reader.

``inflation`` what is compressed · ``cursor`` the place in the bytes, and what is taken there · ``scalars``,
``containers``, ``arrays`` how values of each kind are read
"""
