"""`python -m queueapp.cli`, for a checkout that is not installed."""

import sys

from queueapp.cli import main

sys.exit(main())
