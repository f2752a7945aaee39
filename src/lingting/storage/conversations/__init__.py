"""Conversations with the language model that are kept: each turn sealed, resumed by id and forgotten."""
