"""Run by `pyttsx` as a program: reads a text from standard input, writes a WAV file, ends. Imports no more."""

import sys

import pyttsx3


def main(path: str, words_per_minute: str, volume: str) -> None:
    engine = pyttsx3.init()
    engine.setProperty("rate", int(words_per_minute))
    engine.setProperty("volume", float(volume))
    engine.save_to_file(sys.stdin.buffer.read().decode(), path)
    engine.runAndWait()


if __name__ == "__main__":
    main(*sys.argv[1:])
