"""What is done with the discussion while nobody asks."""
