"""Static pages that the server serves: HTML, CSS and ES modules, no build step. Holds no code in Python."""
