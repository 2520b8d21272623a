"""The steps of this room, run by `jobs`."""
