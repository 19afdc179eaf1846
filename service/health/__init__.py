"""How the program is: liveness, readiness, Prometheus figures, and pages that explain problems."""
