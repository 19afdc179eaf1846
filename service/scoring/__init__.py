"""From observations to a risk with reasons: features, the active model, the starter score."""
