"""The recipes of `deploy/`, read by the real tools and run where no container engine is needed."""
