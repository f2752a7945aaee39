"""Shows how good it is: error rates, speed and steadiness, measured from outside as any caller would.

`accuracy` compares engines on labelled recordings, `load` puts a server under load, `endurance` watches one for a
while, and `capacity` reckons from such figures how many servers a wanted load needs. It knows the client, the decoder
and the voice detector; of the server it knows the address.
"""
