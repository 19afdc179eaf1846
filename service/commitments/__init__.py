"""Promises to clients: made, kept or broken, and at risk."""
