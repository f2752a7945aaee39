"""Hugging Face Transformers as an engine: Whisper, and CTC models of the wav2vec2 kind, on torch.

`engine` is the class of the registry; `loading` reads folders; `whisper_weights` and `ctc` are the two families. Torch
is imported when an engine is made, and nowhere else: importing it takes seconds and hundreds of megabytes.
"""
