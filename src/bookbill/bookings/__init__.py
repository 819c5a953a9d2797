"""The jobs that are done: what was sold, when, at which price and tax."""
