"""The workers that move calls forward.

They meet the world only through ports, and the workers never know each other.
"""
