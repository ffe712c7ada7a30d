"""Pictures of words in two dimensions: places of points and labels, and the specification of a picture."""
