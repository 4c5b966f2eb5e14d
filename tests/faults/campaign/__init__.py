"""Kills at every step of a document's way, and the invariant checked from outside."""
