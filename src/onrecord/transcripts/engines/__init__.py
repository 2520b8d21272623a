"""Speech to text and who speaks, free of Django."""
