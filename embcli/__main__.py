"""`embcli` and `python -m embcli`."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from embcli.cli.main import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # also during the imports
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
