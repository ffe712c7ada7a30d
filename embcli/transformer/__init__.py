"""Transformers: their files, their tokens, the forward pass, and what can be asked of them."""
