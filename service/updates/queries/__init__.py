"""SQL of updates and of the mails that carry them."""
