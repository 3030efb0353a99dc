"""How long the tests of this folder run: short in ``make test``, long in ``make fuzz`` and ``make soak``."""

import os

LONG = os.environ.get("LONG") == "1"


def choose(*, short: int, long: int) -> int:
    """The same test, with a larger number where ``LONG=1``."""
    return long if LONG else short
