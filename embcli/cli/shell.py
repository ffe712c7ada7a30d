"""x."""
def shell() -> None:
    """X.

    Example: embcli shell
    """
