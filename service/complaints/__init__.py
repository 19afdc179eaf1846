"""Complaints: the labels, and the measure of everything."""
