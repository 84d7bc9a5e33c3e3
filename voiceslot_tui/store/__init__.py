"""SQLite behind ports.Store, in whole transactions only.

It never holds a rule of calling, and no method is half a transaction.
"""
