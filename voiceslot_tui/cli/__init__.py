"""The commands, thin: they parse, ask and print.

They never hold a rule of calling, and never print foreign text uncleaned.
"""
