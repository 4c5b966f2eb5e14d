"""What a neighbour with write access to an inbox does, and who watches that nothing is harmed."""
