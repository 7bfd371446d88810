"""One module for each gateway of the comparison; each offers `GATEWAY`, and more where it can be run in more ways."""
