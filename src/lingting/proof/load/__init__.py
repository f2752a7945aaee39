"""Puts a server under load and tells what callers get: short requests, repeated ones, and people who speak.

`requests` sends recordings over HTTP, `talks` makes conversations of them, `speakers` speaks those at their own pace,
and `figures` is what comes of either, which `capacity` reckons with.
"""
