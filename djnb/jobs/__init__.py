"""
The queue: which keys are to be made, by whom, and what became of them.

Every Imported or Computed table has a job table beside it, in the layout of DataJoint 2: ``~~spike_sort`` for
``__spike_sort``. DataJoint 0.14 keeps one table for a schema, ``~jobs``, which is read.
"""
