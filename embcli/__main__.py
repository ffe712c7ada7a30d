"""`embcli` and `python -m embcli`."""

import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line and exit with its status."""
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
