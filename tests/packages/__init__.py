"""The archives that people install: how they are built, what is in them, and what works with each extra."""
