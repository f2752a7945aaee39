"""The engines, one or more modules each, all behind `speech.base.VoiceEngine`."""
