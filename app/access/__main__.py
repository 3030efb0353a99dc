"""``python -m app.access NAME``: makes a key, shows it once, and gives the entry that lets it in."""

import argparse
import sys
from collections.abc import Sequence

from app.access.keys import entry_of, make_key


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 2 for a name that is none."""
    parser = argparse.ArgumentParser(
        prog="python -m app.access", description="Make a key. It is shown once; only its hash is configured.", allow_abbrev=False
    )
    parser.add_argument("name", metavar="NAME", help="who gets the key: 1 to 64 letters, digits, dots, hyphens and underscores")
    key = make_key()
    try:
        entry = entry_of(parser.parse_args(arguments).name, key)
    except ValueError as error:
        parser.error(str(error))
    print(f"key    {key}\nentry  {entry}\n")
    print("Give the key to its user; it cannot be shown again. Add the entry to SLOTLINE_API_KEYS or its file,")
    print("or, for /v1/admin/, to SLOTLINE_ADMIN_KEYS or its file, and restart the service.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
