"""Error rates of engines on labelled recordings, how sure they are, and the report of them.

`tokens` says what is counted, `scoring` counts it, `intervals` says how much of a difference is chance, `hearing` runs
an engine over the recordings, `results` puts it together, and the rest shows it.
"""
