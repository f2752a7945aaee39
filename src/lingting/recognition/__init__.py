"""The use cases: one async door in front of every engine."""
