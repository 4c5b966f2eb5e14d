"""TOML and environment to frozen settings, or a refusal that names the line and the way out.

Enters: what a key is called, which values it may have, what contradicts what. What a setting does
is written where it is obeyed.
"""
