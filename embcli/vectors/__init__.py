"""Vector spaces, vocabularies, and the arithmetic on vectors."""
