"""Tests that need real processes and sockets."""
