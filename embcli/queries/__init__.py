"""Queries, one topic per file: expressions, analogies, projections, softmax, similarity, look-ups."""
