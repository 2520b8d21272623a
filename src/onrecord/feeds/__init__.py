"""What other programs read: RSS for podcast apps, one JSON record an episode, chapters, sitemaps, robots.txt."""
