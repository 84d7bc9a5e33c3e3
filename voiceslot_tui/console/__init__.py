"""The operator's screen in Textual, a thin client of the engine.

It shows and asks; it never owns a call, and never touches the network or the database.
"""
