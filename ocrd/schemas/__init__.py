"""The JSON that programs read and write, as JSON Schemas: answers, sidecars, the configuration.

Enters: what a field is called, what may stand in it, what it means. The tests hold real outputs
against these; docs/programs.md and docs/schemas are made from them.
"""
