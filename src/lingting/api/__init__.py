"""Domain to wire and back; no decisions live here."""
