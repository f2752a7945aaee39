"""Hotwords: packs of them, how alike two words sound, and what is written in place of what was misheard."""
