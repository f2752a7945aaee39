"""What was recognised and is kept: saved, found, searched and forgotten."""
