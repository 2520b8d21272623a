"""onrecord publishes interviews: watch or listen, read, search, quote, dispute."""

__version__ = "0.1.0"
