"""The rules of calling, pure: time is an argument here.

Nothing in this room does I/O, reads a clock, draws a random number or logs.
"""
