"""The panes of the console: each shows one thing, painted from the session and nothing else."""
