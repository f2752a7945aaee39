"""How a bot is called, and sent to sleep."""
