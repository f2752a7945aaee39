"""Subtitle rooms: in memory, or in a Redis that several servers share."""
