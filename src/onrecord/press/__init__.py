"""Which public files exist, which are stale, writing them atomically."""
