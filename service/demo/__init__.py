"""A simulated company, replayed through the real program."""
