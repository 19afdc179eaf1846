"""The demo: a simulated company lived through, day by day, by the real API, worker and mail."""
