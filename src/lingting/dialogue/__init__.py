"""A conversation on top of live speech: who holds the floor, and what the language model is asked and answers."""
