"""Comments: what readers write under an episode, who wrote it, and the log of what became of it."""
