"""The embedded engine: RapidOCR's networks on the processor, and which way up a page is.

Runs only in a worker. Enters: how lines are found and read, and what their ink says of their type.
What the lines mean is the layout's.
"""
