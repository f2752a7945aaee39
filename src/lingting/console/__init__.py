"""Static pages that the server serves: HTML, CSS and ES modules, no build step. Holds no code in Python.

`web` is the console, `overlay` the subtitles for broadcast software.
"""
