"""One idea a file: expressions, analogies, projections, softmax, similarity, look-ups."""
