"""WebSocket: one socket loop, and a pure dialect for each protocol that clients speak."""
