"""The Unix socket between the engine (server) and its consoles (client).

It carries messages and checks who sent them; it never decides what they mean.
"""
