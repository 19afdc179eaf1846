"""Reads across: was the rep told first, and how did the alerts do?"""
