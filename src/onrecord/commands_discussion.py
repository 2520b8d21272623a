"""What the commands do about what is disputed: discussion, rules, corrections, redaction and sealed copies."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from onrecord.commands import named_episode, opened, press_now
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.terminal import confirmed, say

# ── discussion ───────────────────────────────────────────────────────────────────────────────────────────────────────


def discussion(options: argparse.Namespace) -> None:
    """List the comments that wait, decide on one, or answer it."""
    opened(options)
    from onrecord import moderating

    if options.deed == "list":
        for line in moderating.waiting(options.most):
            print(line)
    elif options.deed == "verify":
        problems = moderating.verify()
        if problems:
            raise Failed(" ".join(problems))
        say("Every line of the log follows from the one before it.")
    elif options.deed in ("export", "erase"):
        _see_to_person(options)
        press_now()
    elif options.deed == "answer":
        draft = moderating.draft_of(
            options.text, options.outcome, options.reason, options.duplicate_of, options.correction
        )
        say(moderating.answer(options.comment, draft))
        press_now()
    else:
        say(moderating.decide(options.deed, options.comment, options.reason, options.returned_for))
        press_now()


def _see_to_person(options: argparse.Namespace) -> None:
    """All that is kept of somebody into a file, or out of every file."""
    from onrecord import erase

    if not options.address:
        raise BadInput(f"Say whose, such as `onrecord discussion {options.deed} --address reader@example.org`.")
    if options.deed == "export":
        file = Path(options.file or "yours.zip")
        erase.export(options.address, file)
        say(f"All that is kept of this address is in {file}.")
        return
    count = erase.erase_now(options.address)
    say(
        f"Erased, with {count} {'comment' if count == 1 else 'comments'}; rows kept before upgrades are removed, too. "
        "Older backups elsewhere still have it: give --erasures when you restore one."
    )


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def list_rules(options: argparse.Namespace) -> None:
    """List the rules for what comes in."""
    opened(options)
    from onrecord import moderating

    for line in moderating.list_rules():
        print(line)


def add_rule(options: argparse.Namespace) -> None:
    """Add a rule, and say what it finds among what waits."""
    opened(options)
    from onrecord import moderating

    say(moderating.add_rule(options.kind, options.pattern, options.deed, options.note, options.apply))
    press_now()


def apply_rule(options: argparse.Namespace) -> None:
    """Apply a rule to what waits."""
    opened(options)
    from onrecord import moderating

    say(moderating.apply_rule(options.rule))
    press_now()


def remove_rule(options: argparse.Namespace) -> None:
    """Take a rule away."""
    opened(options)
    from onrecord import moderating

    say(moderating.remove_rule(options.rule))


# ── corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def publish_correction(options: argparse.Namespace) -> None:
    """Publish a correction."""
    opened(options)
    from onrecord import correcting

    typed = correcting.Typed(options.kind, options.text, options.at, options.to, options.comment, options.credit)
    made = correcting.publish(named_episode(options.episode), typed, _me())
    press_now()
    say(f"It is correction #{made.number}.")


def list_corrections(options: argparse.Namespace) -> None:
    """Show corrections."""
    opened(options)
    from onrecord import correcting

    for line in correcting.listed(named_episode(options.episode) if options.episode else None):
        print(line)


def change_correction(options: argparse.Namespace) -> None:
    """Give a correction another text, or take a name away."""
    opened(options)
    from onrecord.discussion import corrections

    if not options.text and not options.no_credit:
        raise BadInput("Say what is to be different: --text TEXT or --no-credit.")
    correction = corrections.find(options.number)
    if options.text:
        corrections.reword(correction, options.text, _me())
    if options.no_credit:
        corrections.thank_nobody([correction])
    press_now()


def withdraw_correction(options: argparse.Namespace) -> None:
    """Withdraw a correction with a sentence."""
    opened(options)
    from onrecord.discussion import corrections

    corrections.withdraw(corrections.find(options.number), options.reason, _me())
    press_now()


# ── redaction ────────────────────────────────────────────────────────────────────────────────────────────────────────


def redact(options: argparse.Namespace) -> None:
    """Take something that was said out of sound and words."""
    opened(options)
    from onrecord import redact as redacting

    what = redacting.stretch(named_episode(options.episode), options.start, options.end)
    goes = redacting.what_goes(what, options.hold)
    if options.yes or confirmed(goes):
        say(redacting.redact_now(what, options.reason, _me(), options.hold))
    else:
        say("Nothing was changed.")


def _me() -> str:
    """Who the log says did it."""
    return f"{getpass.getuser()} (command line)"


def make_hold_key(options: argparse.Namespace) -> None:
    """Make a key for sealed copies."""
    from onrecord.lib import age

    public = age.make_key(Path(options.file))
    say(f"The key is in {options.file}: keep it where nobody of the publication has it. In onrecord.toml belongs:")
    print(f'[legal]\nhold_key = "{public}"', flush=True)


def list_holds(options: argparse.Namespace) -> None:
    """Name the sealed copies."""
    opened(options)
    from onrecord import hold

    for copy in hold.held():
        print(f"{copy.name}  {copy.size:,} bytes  {copy.made:%Y-%m-%d}", flush=True)


def open_hold(options: argparse.Namespace) -> None:
    """Unpack a sealed copy."""
    from onrecord.lib import age

    age.unseal(Path(options.file), Path(options.key), Path(options.into))
    say(f"Opened into {options.into}; manifest.json there says what is what.")


def drop_hold(options: argparse.Namespace) -> None:
    """Delete a sealed copy."""
    opened(options)
    from onrecord import hold

    hold.drop(options.name)
