"""Numbers, dates and sums: as they are said, and as they are written."""
