"""
A few rows of a query as text and as HTML. Strings only: whoever wants to see them displays them.

``page`` some rows, fetched and laid out · ``pages`` page after page · ``cells`` a value as it is shown · ``blobs`` what
is told of large values · ``pictures`` arrays as small pictures · ``leads`` where foreign keys lead
"""
