"""Accounts and reps."""
