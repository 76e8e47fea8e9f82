"""``python -m djnb`` is the command ``djnb``."""

from __future__ import annotations

import sys

from djnb.cli import main

sys.exit(main())
