"""Aliyun Intelligent Speech Interaction (ISI, also called NLS) as a remote engine.

`engine` is the class of the registry; `wire` and `words` are pure; `rest` and `sockets` talk; `tokens` and
`credentials` keep the secrets.
"""
