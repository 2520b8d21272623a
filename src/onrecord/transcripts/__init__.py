"""Revisions, speakers, maps between revisions; formats and engines."""
