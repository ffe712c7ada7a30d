"""The Typer app: parse → load → ask → render, one file per command. `main.py` builds and runs it."""
