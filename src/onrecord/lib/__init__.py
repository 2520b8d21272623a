"""Small helpers that know no models."""
