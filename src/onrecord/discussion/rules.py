"""Rules for what comes in: words, names, links, mail addresses and networks are held, refused or taken away as spam.

Patterns are plain words and `*`, which stands for any letters within a word; both sides are folded as search folds. So
a rule costs as much as the text is long, whatever stands in it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from onrecord.discussion import limits, log, moderate, writers
from onrecord.discussion.models import Cited, Comment, Deed, Rule, RuleDeed, RuleKind, State
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput
from onrecord.lib.folding import MARKS, WORD, fold_text
from onrecord.lib.html import clean, links_in
from onrecord.lib.language import speaking

MOST_RULES = 500
LONGEST = 200
FEWEST_LETTERS = 2
"""Letters that a pattern has at least, so that no rule stops everything."""

LOOKED_THROUGH = 1_000
"""Comments that wait, the oldest first, to which a new rule is applied at once."""

_PATTERN_WORD = re.compile(f"(?:[^\\W_]|[{MARKS}]|\\*)+")

KINDS = {
    RuleKind.WORDS: "words",
    RuleKind.NAME: "name",
    RuleKind.LINK: "links to",
    RuleKind.ADDRESS: "address",
    RuleKind.NETWORK: "network",
}


@dataclass(frozen=True)
class Seen:
    """What rules look at. `address` is the keyed hash of the mail address, `domain` what stands behind its @."""

    words: Sequence[str]
    name: Sequence[str]
    hosts: Sequence[str]
    address: str
    domain: str
    network: str


def seen(comment: Comment, references: Iterable[str] = ()) -> Seen:
    """What rules look at of a comment, with what it cites."""
    given = list(references)
    written = " ".join([comment.text, *given])
    address = writers.address_of(comment.writer) if comment.writer else ""
    links = [*links_in(comment.html), *given]
    return Seen(
        words=WORD.findall(fold_text(written)),
        name=WORD.findall(fold_text(comment.name)),
        hosts=list(dict.fromkeys(filter(None, map(_host_of, links)))),
        address=comment.writer.address_hash if comment.writer else "",
        domain=address.rpartition("@")[2],
        network=comment.network,
    )


def _host_of(address: str) -> str:
    try:
        return _in_ascii(urlsplit(address).hostname or "")
    except ValueError:
        return ""


def _in_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode().lower().rstrip(".")
    except UnicodeError:
        return host.lower()


# ── matching ────────────────────────────────────────────────────────────────────────────────────────────────────────


def first_match(what: Seen) -> Rule | None:
    """The rule that decides: what refuses goes before what takes away, and that before what holds; then the oldest."""
    severity = [RuleDeed.REFUSE, RuleDeed.SPAM, RuleDeed.HOLD]
    found = [rule for rule in in_force() if matches(rule, what)]
    return min(found, key=lambda rule: (severity.index(RuleDeed(rule.deed)), rule.pk), default=None)


def in_force() -> list[Rule]:
    """All rules; those of networks end with the key that their hash was made with."""
    return list(Rule.objects.exclude(ends__lte=timezone.now()).order_by("id")[:MOST_RULES])


def matches(rule: Rule, what: Seen) -> bool:
    """Whether a rule finds something."""
    if rule.kind == RuleKind.WORDS:
        return _says(rule.pattern.split(), what.words)
    if rule.kind == RuleKind.NAME:
        return _says(rule.pattern.split(), what.name)
    if rule.kind == RuleKind.LINK:
        return any(_is_below(rule.pattern, host) for host in what.hosts)
    if rule.kind == RuleKind.ADDRESS and rule.pattern:
        return _is_below(rule.pattern, what.domain)
    return bool(rule.digest) and rule.digest == (what.address if rule.kind == RuleKind.ADDRESS else what.network)


def _says(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """Whether these words stand there, one after the other."""
    many = len(pattern)
    begins = (at for at in range(len(words) - many + 1) if like(pattern[0], words[at]))
    return any(all(like(pattern[n], words[at + n]) for n in range(1, many)) for at in begins)


def like(pattern: str, word: str) -> bool:
    """Whether a word is as the pattern says; each `*` is any number of its letters.

    >>> like("casino*", "casinos"), like("c*s*o", "casino"), like("*o", "casinos")
    (True, True, False)
    """
    first, *others = pattern.split("*")
    if not others:
        return word == first
    last = others.pop()
    if len(word) < len(first) + len(last) or not word.startswith(first) or not word.endswith(last):
        return False
    at, end = len(first), len(word) - len(last)
    for part in others:
        found = word.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _is_below(pattern: str, host: str) -> bool:
    """Whether a host is this one, or stands below it."""
    labels = host.split(".")
    return bool(host) and any(like(pattern, ".".join(labels[at:])) for at in range(len(labels)))


# ── keeping rules ───────────────────────────────────────────────────────────────────────────────────────────────────


def add(kind: str, pattern: str, deed: str, *, by: str, note: str = "", digest: str = "") -> Rule:
    """A new rule; `digest` in place of a pattern is the hash of an address or of a network.

    Raises BadInput for one that says nothing, or that there is already.
    """
    if kind not in RuleKind.values or deed not in RuleDeed.values:
        raise BadInput("A rule is of words, name, link, address or network, and says hold, refuse or spam.")
    now = timezone.now()
    rule = Rule(kind=kind, deed=deed, digest=digest, note=_one_line(note), by=by, created=now)
    if not digest:
        _set_pattern(rule, _one_line(pattern), now)
    if rule.kind == RuleKind.NETWORK:
        rule.ends = limits.end_of_period(now)
    if Rule.objects.count() >= MOST_RULES:
        raise BadInput(f"There are {MOST_RULES} rules already: remove those that find nothing any more.")
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        raise BadInput("There is such a rule already: remove it first.") from None
    return rule


def _one_line(typed: str) -> str:
    line = " ".join(clean(typed).split())
    if len(line) > LONGEST:
        raise BadInput(f"That has {len(line)} characters; at most {LONGEST} fit.")
    return line


def of_sender(comment: Comment, kind: str, deed: str, *, by: str, note: str = "") -> Rule:
    """A rule for the address or the network that a comment came from, which nobody need know. Raises BadInput."""
    digest = comment.network
    if kind == RuleKind.ADDRESS:
        digest = comment.writer.address_hash if comment.writer else ""
    if not digest:
        raise BadInput("It is not known any more where this comment came from.")
    return add(kind, "", deed, by=by, note=note or f"who sent {comment.key}", digest=digest)


def _set_pattern(rule: Rule, typed: str, now: datetime) -> None:
    if not typed:
        raise BadInput("The rule is empty: say what it looks for.")
    if rule.kind == RuleKind.NETWORK:
        rule.digest = limits.hash_of_network(_network(typed), now)
    elif rule.kind == RuleKind.ADDRESS and "@" in typed.lstrip("@"):
        rule.digest = writers.hash_of(mail_address(typed))
    elif rule.kind in (RuleKind.ADDRESS, RuleKind.LINK):
        rule.pattern = _host_pattern(typed)
    else:
        rule.pattern = _word_pattern(typed)


def _network(typed: str) -> str:
    """As `requests.network_of` names it."""
    try:
        address = ipaddress.ip_address(typed)
    except ValueError:
        raise BadInput("This is no address of a network, such as 192.0.2.7 or 2001:db8::7.") from None
    return typed if address.version == 4 else ":".join(str(address).split(":")[:4])


def _word_pattern(typed: str) -> str:
    """A `*` by itself is any one word; at the ends it says nothing."""
    words = _PATTERN_WORD.findall(fold_text(typed))
    while words and set(words[0]) == {"*"}:
        del words[0]
    while words and set(words[-1]) == {"*"}:
        del words[-1]
    return _long_enough(" ".join(words))


def _host_pattern(typed: str) -> str:
    host = urlsplit(typed).hostname or "" if "://" in typed else typed.lstrip("@").partition("/")[0]
    host = host.removeprefix("*.").removeprefix("www.").strip(".")
    if any(sign.isspace() or sign in "@?#:" for sign in host):
        raise BadInput("This is no host, such as example.org; * stands for any letters.")
    return _long_enough(host.lower() if "*" in host else _in_ascii(host))


def _long_enough(pattern: str) -> str:
    if sum(sign.isalnum() for sign in pattern) < FEWEST_LETTERS:
        raise BadInput(f"A rule has at least {FEWEST_LETTERS} letters beside *: others stop everything.")
    return pattern[:LONGEST]


def find(number: int) -> Rule:
    """The rule of this number. Raises BadInput."""
    rule = Rule.objects.filter(pk=number).first()
    if rule is None:
        raise BadInput(f"There is no rule {number}.")
    return rule


def remove(number: int) -> None:
    """Take a rule away; what it did stays. Raises BadInput."""
    find(number).delete()


def named(rule: Rule) -> str:
    """A rule as people read it, such as the reason in the queue."""
    what = f"“{rule.pattern}”" if rule.pattern else "one"
    note = f" ({rule.note})" if rule.note else ""
    return f"{KINDS[RuleKind(rule.kind)]} {what}{note}"


def refusal() -> str:
    """What is said to whoever wrote what a rule refuses, in the language that is spoken."""
    return gettext("A rule of this publication does not let this text in.")


def count(rule: Rule, times: int = 1) -> None:
    """It was applied."""
    Rule.objects.filter(pk=rule.pk).update(matched=F("matched") + times, last_matched=timezone.now())


# ── what waits already ──────────────────────────────────────────────────────────────────────────────────────────────


def found_waiting(rule: Rule) -> list[Comment]:
    """What a rule finds among the oldest that wait."""
    rows = Comment.objects.filter(state=State.HELD).select_related("episode__show", "writer").order_by("created", "id")
    waiting = list(rows[:LOOKED_THROUGH])
    cited: dict[int, list[str]] = {}
    given = Cited.objects.filter(comment__in=[one.pk for one in waiting])
    for comment, reference, sentence in given.values_list("comment_id", "reference__given", "reference__sentence"):
        cited.setdefault(comment, []).extend((reference, sentence))
    return [one for one in waiting if matches(rule, seen(one, cited.get(one.pk, ())))]


def apply(rule: Rule, *, by: str) -> int:
    """Do with what it finds among the oldest that wait as the rule says; returns how many that are.

    What it would have refused is returned. Raises BadInput for none.
    """
    keys = [one.pk for one in found_waiting(rule)]  # before anybody has to wait for us
    with transaction.atomic():
        log.lock()
        rows = Comment.objects.filter(pk__in=keys, state=State.HELD).select_related("episode__show", "writer")
        found = list(rows.order_by("created", "id"))
        if not found:
            raise BadInput("It finds nothing among what waits.")
        if rule.deed == RuleDeed.HOLD:
            Comment.objects.filter(pk__in=[one.pk for one in found]).update(held_for=named(rule))
        elif rule.deed == RuleDeed.SPAM:
            moderate.take_by_rule(found, f"{by}, rule: {named(rule)}")
        else:
            found = found[: moderate.MOST_AT_ONCE]
            with speaking(settings.ONRECORD.publication.language):
                reason = refusal()
            moderate.decide(Deed.RETURN, found, by=by, reason=reason)
        count(rule, len(found))
    return len(found)
