"""Text to speech: one contract for all voices, and the hub in front of them."""
