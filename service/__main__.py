"""The command line `headsup`."""
