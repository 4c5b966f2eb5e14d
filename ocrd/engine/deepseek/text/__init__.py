"""What a model is told, and whether its answer still is the page (pure, no PyTorch)."""
