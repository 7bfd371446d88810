"""Images: from whatever URL a caller sends to clean pixels that an engine may read."""
