"""Work that outlives a request: queued, run, told about, and never lost."""
