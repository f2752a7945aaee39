"""Adapters to recognisers, and the catalog of their weights."""
