"""From a watched folder to a settled candidate, and whose the folder is.

Enters: what is known of a folder and its files before a job exists. Each folder has its own
threads, so that one that hangs holds up nobody else.
"""
