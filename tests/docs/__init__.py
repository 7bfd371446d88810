"""What the pages say, held to the code."""
