"""Subtitle rooms: one speaker, many readers."""
