"""Proofs under faults: nodes are killed, frozen, cut off, and clients must not notice. `make chaos` runs them."""
