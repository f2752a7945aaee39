"""FunASR's dialect."""
