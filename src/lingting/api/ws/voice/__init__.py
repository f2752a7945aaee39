"""The dialect of spoken conversations."""
