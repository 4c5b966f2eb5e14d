"""The daemon as a process: log, lock, wiring, who is next, what it tells of itself, ordered stop.

Enters: what there is once for the whole service. What happens to one document is the story on top
of ``ocrd``.
"""
