"""One more process of a full press: `python -m onrecord.press`, with ONRECORD_FOLDER set."""

import os

import django


def main() -> None:
    """Press until nothing is stale."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "onrecord.settings")
    django.setup()
    from onrecord.press.presser import help_pressing

    help_pressing()


if __name__ == "__main__":
    main()
