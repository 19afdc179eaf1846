"""What the pages read: whole pages at a time, a fixed number of questions each."""
