"""How what is said sounds."""
