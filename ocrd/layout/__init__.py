"""Lines with boxes to blocks in reading order (pure).

Enters: what a row, column, paragraph, heading, list, table or program text looks like on paper. How
a block is written is the sidecar's.
"""
