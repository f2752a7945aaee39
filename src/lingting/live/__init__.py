"""Live speech: sound that comes while somebody speaks, text that comes a moment later."""
