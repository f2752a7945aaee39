"""Personal data: found in text, and hidden."""
