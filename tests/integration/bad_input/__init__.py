"""Bad requests by class, each with the answer that is promised for it. `case.py` says what a case is."""
