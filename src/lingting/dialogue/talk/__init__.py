"""A spoken conversation: live speech, the language model and a voice, joined by turn-taking."""
