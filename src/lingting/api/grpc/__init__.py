"""gRPC: the messages and stubs of `proto/`, and the door that serves them beside HTTP."""
