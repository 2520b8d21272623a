"""Which episodes the index does not show as they are. The index itself is the engines' own, and can be made anew."""

from django.db import models


class Outdated(models.Model):
    """An episode that the index has to look at again. Written in the transaction in which the press learns of a
    change, and removed when the index has it: what a killed worker had begun is done again."""

    episode = models.BigIntegerField()
