"""What is kept for how long: old rows are removed once a day, in small batches."""
