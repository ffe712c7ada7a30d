"""The Typer app: parse → load → ask → render, a file a command. `main.py` builds and runs it."""
