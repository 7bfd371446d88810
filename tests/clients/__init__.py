"""The official clients, unchanged, against one gateway; each lives in an environment of its own."""
