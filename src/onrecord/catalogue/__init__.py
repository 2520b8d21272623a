"""Shows, series and their parts, episodes, people, credits, tags, pictures, redirects."""
