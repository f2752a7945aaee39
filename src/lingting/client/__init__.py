"""Talks to a Lingting server: live speech with reconnect and resume."""
