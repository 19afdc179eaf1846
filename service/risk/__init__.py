"""The risk API that dashboards poll."""
