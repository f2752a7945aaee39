"""Any server with OpenAI's audio routes as a remote engine: OpenAI itself, another Lingting, vLLM, Speaches, …

`engine` is the class of the registry; `settings` and `answers` are pure; `line` is the one connection, and `faults`
says what went wrong on it.
"""
