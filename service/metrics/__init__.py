"""Metrics and their observations: what comes in, all day."""
