"""The two ways in which a command ends badly."""


class BadInput(Exception):
    """What a person gave cannot be used. The message is one sentence: what was given, what was expected, what to do.

    A command that meets it exits with 2; a step that meets it is refused and never tried again.
    """


class Failed(Exception):
    """Something that should have worked did not. The message says what and what to do. A command exits with 1."""
