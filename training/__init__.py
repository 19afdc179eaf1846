"""From a company's own history to a model that earns its alerts. Only the command line imports this package."""
