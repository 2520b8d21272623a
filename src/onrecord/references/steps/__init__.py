"""What is done with links, one after the other."""
