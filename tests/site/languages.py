"""Rows of an interview in each language of the interface, with names and words of the other direction among them."""

from __future__ import annotations

from onrecord.catalogue.models import Chapter, Credit, Episode, Person, Series, Show, Tag
from tests.site import making

TEXTS = {
    # language: show, title, standfirst, what is said (speakers 0 and 1), chapter, tag
    "en": ("Talks", "The sea remembers", "On boats.", ("Where did it begin?", "In a harbour."), "Beginnings", "Sea"),
    "es": (
        "Conversaciones",
        "El mar recuerda",
        "Sobre las barcas.",
        ("¿Dónde empezó?", "En un puerto."),
        "Comienzos",
        "Mar",
    ),
    "ar": (
        "حوارات",
        "البحر يتذكّر: من Gibraltar إلى طنجة",
        "عن القوارب ومن يصنعها، وعن مشروع Open Harbour.",
        ("أين بدأت الحكاية؟", "في مرفأ صغير قرب Gibraltar (عام 1987)."),
        "البدايات",
        "البحر",
    ),
    "ur": (
        "گفتگو",
        "سمندر یاد رکھتا ہے: Gwadar سے Karachi تک",
        "کشتیوں اور ان کے بنانے والوں کے بارے میں، اور Open Harbour کے منصوبے پر۔",
        ("یہ کہاں سے شروع ہوا؟", "ایک چھوٹی بندرگاہ میں، Gwadar کے پاس (1987 میں)۔"),
        "آغاز",
        "سمندر",
    ),
}


def make_interview(tag: str, slug: str = "talks") -> Episode:
    """Part 1 of 3 in the language of `tag`, an hour and two minutes long, with three guests; its show speaks it too."""
    name, title, standfirst, said, chapter, subject = TEXTS[tag.partition("-")[0]]
    show = Show.objects.filter(slug=slug).first() or making.make_show(slug, name, language=tag)
    series = Series.objects.create(show=show, slug="harbour", name=f"{title[:10].strip()} …", number=1, total=3)
    episode = making.make_episode(
        show,
        "sea",
        title=title,
        standfirst=standfirst,
        language=tag,
        notes=f"{standfirst}\n\n[Open Harbour](https://example.org/)",
        series=series,
        part=1,
        picture=making.make_picture(),
    )
    making.add_rendition(episode.recordings.get(), "opus", "audio/ogg", size=5_400_000)
    for place, (role, person) in enumerate(
        [("host", "Ada Host"), ("guest", "مریم خان"), ("guest", "Bo O'Guest"), ("guest", "سلمى <b>")]
    ):
        row, _ = Person.objects.get_or_create(slug=f"person-{place}", defaults={"name": person})
        Credit.objects.create(episode=episode, person=row, role=role, position=place)
    episode.tags.set([Tag.objects.get_or_create(slug="sea", defaults={"name": subject})[0]])
    Chapter.objects.create(episode=episode, start_ms=0, title=chapter)
    Chapter.objects.create(episode=episode, start_ms=3_605_000, title="Open Harbour")
    tokens = [*making.words(said[0], 0, 0), *making.words(said[1], 1, 3_605_000)]
    making.add_transcript(episode, tokens, language=tag)
    return episode
