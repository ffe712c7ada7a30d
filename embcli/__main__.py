"""`embcli` and `python -m embcli`."""

import gc
import os
import sys
from contextlib import suppress

# Objects made between two collections of garbage. Imports make many objects and hardly any garbage, and Python's usual
# 700 take a twelfth of the time of a question.
OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Run the command line and exit with its status."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from embcli.cli.main import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # also during the imports
        status = 130
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(status)  # the interpreter would take 20 ms, a tenth of a question, to free what the system frees


if __name__ == "__main__":
    main()
