"""One module for each gateway of the comparison; each offers one constant, `GATEWAY`."""
