"""The HTTP side of the engine: it verifies, translates, tells and answers.

It never decides what a call becomes, and never answers 2xx before the commit.
"""
