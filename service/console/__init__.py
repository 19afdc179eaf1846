"""The pages of operations: server-rendered, htmx, no inline script."""
