"""What the two doors of Deepgram's protocol share: where a key stands, what a query asks for, how words are told."""
