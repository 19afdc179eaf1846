"""The worker: one round of what is due, and the loop."""
