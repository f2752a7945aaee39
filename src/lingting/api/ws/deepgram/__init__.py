"""Deepgram's dialect."""
