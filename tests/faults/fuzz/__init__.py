"""Documents changed at random, read by the real rasterizer; ``python -m tests.faults.fuzz``."""
