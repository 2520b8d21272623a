"""Quotations: the words that somebody shared, and where they stand in each later revision."""
