"""Results that may be given again: in memory, or in a Redis that several servers share."""
