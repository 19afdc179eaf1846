"""Plumbing that knows nothing of accounts or complaints."""
