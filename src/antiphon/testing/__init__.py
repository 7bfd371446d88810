"""What tests need from Antiphon: an engine that answers by rule and breaks on demand. Not used in production."""
