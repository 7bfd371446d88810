"""One black-box suite for every engine: what a client sees through the gateway is the same on all of them."""
