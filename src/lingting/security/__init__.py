"""Who may do what: keys, addresses, limits, and what is written down about it."""
