"""Many pages decoded together: who waits, who is in which slot, and a step of all of them."""
