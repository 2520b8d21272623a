"""What podcast apps and crawlers read: RSS, JSON records, chapters, sitemaps."""
