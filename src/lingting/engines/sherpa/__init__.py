"""sherpa-onnx: SenseVoice, Paraformer, Zipformer, Moonshine and Whisper on onnxruntime, whole clips and live sound."""
