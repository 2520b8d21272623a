"""What people cite: links and works, saved copies of pages, attached files, and whether a link still leads anywhere."""
