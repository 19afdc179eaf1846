"""Tell the rep: find what this rep has not been told, compose it, send it."""
