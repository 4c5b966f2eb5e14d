"""Places that misbehave as real ones do: shares, small disks, servers, and who writes to them."""
