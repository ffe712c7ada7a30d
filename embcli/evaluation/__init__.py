"""How well vectors do: analogies and similarity ratings, with coverage, intervals and a control."""
