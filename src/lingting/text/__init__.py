"""Transcript to transcript, and transcript to text: steps and renderings."""
