"""The engine that we run ourselves: llama.cpp's server in a supervised child process, reached through a unix socket."""
