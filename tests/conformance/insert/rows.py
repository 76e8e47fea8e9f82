"""Two rows of `Subject`."""

from __future__ import annotations

ANN = {"subject": 1, "name": "ann", "species": "mouse", "weight": 20.5}
BOB = {"subject": 2, "name": "bob", "species": "rat", "weight": None}
