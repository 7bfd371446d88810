"""What holds for the code as a whole, read from its text."""
