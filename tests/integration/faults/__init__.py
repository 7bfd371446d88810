"""Each fault of an engine, through the real gateway: what the client sees, plain and streamed."""
