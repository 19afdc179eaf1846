"""Reads across: was the rep told first, and how alerts did."""
