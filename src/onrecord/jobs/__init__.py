"""Durable steps and who runs them."""
