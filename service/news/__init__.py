"""What is new, for reps to tell their clients."""
