"""The metrics of each area of a server, a class each; all register in one registry."""
