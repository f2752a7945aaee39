"""Bytes in, speech spans out: decode, mix, resample, detect speech."""
