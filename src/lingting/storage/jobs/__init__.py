"""Jobs and deliveries: their rows, their queue, and how they are written."""
