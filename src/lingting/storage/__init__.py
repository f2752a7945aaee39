"""What outlives a request: everything that is kept, here or on other servers."""
