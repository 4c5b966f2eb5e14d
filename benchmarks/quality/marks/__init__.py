"""What stands on pages beside plain print: leaders, odd signs, strokes, stamps, handwriting."""
