"""Translators between foreign bodies and core types, pure.

They never send, store or decide anything.
"""
