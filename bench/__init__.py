"""Measures what a gateway costs, side by side with others, over an upstream that costs next to nothing.

Run with `make bench`, or `python -m bench.run --help`. Not part of the installed package.
"""
