"""Sets of experiments: what experiments.yaml names, how DVC runs it, and what came of it."""
