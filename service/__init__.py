"""The Headsup service: from delivery metrics to a rep who was told first."""
