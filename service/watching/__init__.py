"""How the models live: their risks held against what became of them, drift that matters, shadows, retraining."""
