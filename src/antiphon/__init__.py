"""Antiphon: one chat-completion gateway in front of any number of nodes that serve models."""

__version__ = "0.1.0"
