"""A signed, append-only log over each trail's digests, so that a digest that is taken away leaves a hole."""
