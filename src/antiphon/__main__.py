"""`python -m antiphon` is `antiphon`."""

from __future__ import annotations

import sys

from antiphon.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
