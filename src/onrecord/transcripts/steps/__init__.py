"""The steps that make a transcript: plan, hear each window, tell the speakers apart, assemble."""
