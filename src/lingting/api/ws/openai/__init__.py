"""OpenAI's Realtime API: `/v1/realtime`, as its clients speak it."""
