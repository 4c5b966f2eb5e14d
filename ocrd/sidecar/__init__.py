"""Blocks to the files that are laid beside a source: Markdown, plain text, JSON (pure)."""
