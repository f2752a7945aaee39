"""The language model: what it is asked, what is remembered, and what it may do."""
