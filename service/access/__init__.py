"""Who may come in, and what they did: operators, sessions, API keys, audit."""
