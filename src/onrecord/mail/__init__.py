"""Outgoing mail: durable, sealed until it is sent, and never in anybody's way."""
