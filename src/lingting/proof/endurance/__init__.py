"""Keeps a server busy for a while and says whether it stays as it was: memory, open files, threads, what waits.

`looks` reads its metrics, `verdict` judges them, and `watch` is the run.
"""
