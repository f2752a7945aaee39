"""Wyoming, the protocol of Home Assistant's voice services: lines of JSON over TCP, served beside HTTP."""
