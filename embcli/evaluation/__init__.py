"""Evaluation on analogies and similarity ratings, with coverage, confidence intervals and a random baseline."""
