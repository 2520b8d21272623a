"""A conversation as a machine heard it."""

from onrecord.transcripts.tokens import Token

HEARD = [
    (0, "Welcome to the programme. Who raised the terrorists in March?"),
    (1, "The terrorists were raised by the harbour board. They did sign the paper that night, in the hotel."),
    (0, "And after that?"),
    (1, "After that nothing was signed. The railway closed, and the last goods train left in silence."),
]


def heard() -> list[Token]:
    """300 ms a word, half a second between turns, and a probability of its own for each word."""
    tokens: list[Token] = []
    at = 0
    for speaker, text in HEARD:
        for word in text.split():
            tokens.append(Token(word, at, at + 300, speaker, round(0.5 + len(tokens) % 50 / 100, 2)))
            at += 300
        at += 500
    return tokens
