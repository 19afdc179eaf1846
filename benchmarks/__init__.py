"""How fast Headsup is on this machine: `make bench`."""
