"""The engine's side of the socket: who is attached, what they ask, what they are told.

socket_file   the socket's file: its rights, and what an engine that died left behind
peers         who is at the other end
attached      one console: its lines in, its lines out, never more memory than its bounds
answers       one wish, one answer
serving       all consoles together: snapshots on change, signs of life, the farewell

The way in is `serving.LinkServer`.
"""
