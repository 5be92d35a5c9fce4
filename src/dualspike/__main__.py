"""``python -m dualspike``."""

import sys

from dualspike.cli import main

sys.exit(main())
