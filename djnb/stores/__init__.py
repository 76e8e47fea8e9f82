"""
Stores: files that belong to rows, in a folder or on a server, by fsspec.

``settings`` what a store's settings mean · ``configured`` stores by name · ``filesystem`` fsspec's driver for a store ·
``store`` reading and writing, never over other content · ``written`` what an insert wrote, to take it back ·
``paths`` hashes and the names of files · ``refs`` a file or a folder as a fetch gives it
"""

from __future__ import annotations
