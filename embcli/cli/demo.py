"""x."""


def demo() -> None:
    """X.

    Example: embcli demo
    """
