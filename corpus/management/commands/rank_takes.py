"""`manage.py rank_takes`: recompute the quality of every take, and which are the best."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from rich.console import Console
from rich.progress import track

from corpus.models import Recording, Sentence

_BATCH = 500  # sentences


class Command(BaseCommand):
    help = "Recompute the quality of every take, and which is its speaker's best of the sentence."

    def handle(self, *args: Any, **options: Any) -> None:
        sentences = list(Sentence.objects.order_by("pk").values_list("pk", flat=True))
        starts = track(range(0, len(sentences), _BATCH), "takes", console=Console(stderr=True))
        n = sum(_rank(sentences[start : start + _BATCH]) for start in starts)
        self.stdout.write(f"{n} values were not right." if n else "Every value was right.")


@transaction.atomic
def _rank(sentences: list[int]) -> int:
    locked = Sentence.objects.select_for_update().filter(pk__in=sentences).order_by("pk")
    return Recording.objects.filter(sentence__in=list(locked.values_list("pk", flat=True))).rank()
