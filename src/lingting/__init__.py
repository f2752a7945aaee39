"""Speech to text, subtitles, commands and conversation on your own hardware."""
