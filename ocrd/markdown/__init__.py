"""Text that Markdown shows as it is, and a model's own markup made safe and taken apart (pure)."""
