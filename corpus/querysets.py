"""Querysets of the corpus; the only place where a sentence's current label is derived."""

from collections import defaultdict
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber

from corpus import label_resolution
from corpus.label_resolution import Said, outcome
from corpus.text.cleaning import searchable

BLIND_VOTES = 2  # votes needed for a sentence of the blind share
_BATCH = 500


def _latest_decision() -> Coalesce:
    rows = apps.get_model("corpus", "LabelDecision").objects.filter(sentence=OuterRef("pk"))
    return Coalesce(Subquery(rows.order_by("-pk").values("pk")[:1]), 0)


def _contains(words: str, path: str = "") -> Q:
    found = {f"{path}searchable__contains": searchable(words)}
    return Q(**found) | Q(**{f"{path}sentence_id__icontains": words})


def _style_keys() -> dict[int | None, str | None]:
    return dict(apps.get_model("corpus", "StyleLabel").objects.values_list("pk", "key"))


def _recorded() -> Case:
    """Return what a sentence's takes in the style of its label, with consent, amount to."""
    takes: Any = apps.get_model("corpus", "Recording").objects
    takes = takes.filter(sentence=OuterRef("pk"), style=OuterRef("label"))
    return Case(
        When(Exists(takes.usable()), then=Value("accepted")),
        When(Exists(takes.waiting()), then=Value("waiting")),
        default=Value(""),
    )


def _relabel(sentence: Any, pks: list[int]) -> None:
    decisions, groups = defaultdict(list), defaultdict(list)
    rows = apps.get_model("corpus", "LabelDecision").objects.filter(sentence__in=pks)
    for pk, *said in rows.order_by("pk").values_list("sentence", *LabelDecisionQuerySet.SAID):
        decisions[pk].append(Said(*said))
    acts: Any = apps.get_model("corpus", "Adjudication").objects.filter(sentence__in=pks)
    adjudicated: dict[int, int] = dict(acts.order_by("pk").values_list("sentence", "style"))
    for pk in pks:
        groups[outcome(decisions[pk], adjudicated.get(pk))].append(pk)
    for result, members in groups.items():
        sentence.objects.filter(pk__in=members).update(
            label=result.label,
            standing=result.standing,
            votes=result.votes,
            latest_decision=_latest_decision(),
        )
    _takes_of(pks).rank()


def _takes_of(sentences: list[int]) -> "RecordingQuerySet":
    takes: RecordingQuerySet = apps.get_model("corpus", "Recording").objects.all()
    return takes.filter(sentence__in=sentences)


class SentenceQuerySet(models.QuerySet):
    def update(self, **values: Any) -> int:
        """Update as ever, but not the text: `save` keeps what was recorded, and counts anew."""
        if "text" in values:
            raise TypeError("save() a sentence whose text changes: its takes say the old one")
        return super().update(**values)

    def current(self) -> Self:
        """Leave out sentences that another one replaced."""
        return self.filter(archived_at=None)

    def with_label(self) -> Self:
        """Annotate `label_key`: the key of the current label, or None."""
        return self.annotate(label_key=F("label__key"))

    def with_vote(self, person: Any) -> Self:
        """Annotate `vote`: the style id of this person's latest decision, or None."""
        rows = apps.get_model("corpus", "LabelDecision").objects
        mine = rows.filter(sentence=OuterRef("pk"), person=person).order_by("-pk")
        return self.annotate(vote=Subquery(mine.values("style")[:1]))

    def shown_to(self, person: Any) -> Self:
        """Add what pages show of a sentence: label, own vote, category."""
        whole = self.with_label().with_vote(person)
        return whole.select_related("category")

    def labelled(self) -> Self:
        return self.current().with_label().filter(label__isnull=False)

    def unlabelled(self) -> Self:
        return self.current().with_label().filter(label=None)

    def disputed(self) -> Self:
        """Keep sentences with differing blind votes and no adjudication."""
        return self.current().filter(standing=label_resolution.DISPUTED)

    def waiting_for(self, person: Any) -> Self:
        """Keep what this person may label next: unlabelled, or blind and short of votes.

        Sentences this person already voted on are excluded.
        """
        blind = Q(draw__lt=settings.BLIND_SHARE)
        wanted = (~blind & Q(standing=label_resolution.OPEN)) | (
            blind
            & Q(
                standing__in=(label_resolution.OPEN, label_resolution.LABELLED),
                votes__lt=BLIND_VOTES,
            )
        )
        return self.current().with_vote(person).filter(wanted, vote=None)

    def seen_by(self, person: Any) -> Self:
        """Keep sentences whose label this labeler may see: blind ones only after voting."""
        open_ = Q(draw__gte=settings.BLIND_SHARE) | Q(standing=label_resolution.SETTLED)
        return self.with_vote(person).filter(open_ | Q(vote__isnull=False))

    def flagged(self) -> Self:
        """Keep sentences with a flag that nobody has resolved."""
        flags = apps.get_model("corpus", "SentenceFlag").objects.filter(sentence=OuterRef("pk"))
        return self.current().filter(Exists(flags.filter(resolves=None, resolved_by=None)))

    def relabel(self) -> None:
        """Recompute what sentences say of their decisions and adjudications, from these rows.

        Also which takes are the best in the style of the label.
        """
        pks = list(self.order_by().values_list("pk", flat=True))
        for start in range(0, len(pks), _BATCH):
            _relabel(self.model, pks[start : start + _BATCH])

    def search(self, words: str) -> Self:
        """Keep sentences whose text, accents aside, or id contains `words`; all if it is empty."""
        return self.filter(_contains(words)) if words else self

    def label_counts(self) -> dict[str | None, int]:
        """Count sentences by current label; the key None counts the unlabelled."""
        rows = self.current().order_by().values_list("label").annotate(n=Count("*"))
        keys = _style_keys() | {None: None}
        return {keys[label]: n for label, n in rows}

    def without_take_of(self, speaker: Any) -> Self:
        """Keep labelled sentences without this speaker's pending or accepted take in that label."""
        takes = apps.get_model("corpus", "Recording").objects
        mine = takes.filter(sentence=OuterRef("pk"), speaker=speaker, is_best=True)
        return self.labelled().exclude(Exists(mine))

    def take_counts(self) -> dict[str, dict[str, int]]:
        """Count sentences by current label: with an accepted take in it, or only a pending one."""
        current, keys = self.current().filter(label__isnull=False).order_by(), _style_keys()
        counts: dict[str, dict[str, int]] = {}
        for label, kind, n in current.values_list("label", "recorded").annotate(n=Count("*")):
            if kind:
                counts.setdefault(str(keys[label]), {"accepted": 0, "waiting": 0})[kind] = n
        return counts

    def mark_recorded(self) -> int:
        """Recompute `recorded` of these sentences, locked; return how many were not so."""
        found = _recorded()
        return self.order_by().exclude(recorded=found).update(recorded=found)


class RecordingQuerySet(models.QuerySet):
    def consented(self) -> Self:
        """Takes of speakers who consented and did not withdraw."""
        return self.filter(speaker__consented_at__isnull=False, speaker__withdrawn_at__isnull=True)

    def waiting(self) -> Self:
        """Takes without a verdict, of speakers whose consent stands."""
        return self.consented().filter(state="pending")

    def usable(self) -> Self:
        """Accepted takes of speakers who consented and did not withdraw."""
        return self.consented().filter(state="accepted")

    def search(self, words: str) -> Self:
        """Keep takes whose sentence's text, accents aside, or id contains `words`."""
        return self.filter(_contains(words, "sentence__"))

    def state_counts(self) -> dict[str, int]:
        """Count takes by state, only those with consent as pending (`waiting`); "": all.

        Each by itself: PostgreSQL counts entries of an index in a third of the time it groups them.
        """
        takes, states = self.order_by(), ("pending", "accepted", "rejected")
        counts = {state: takes.filter(state=state).count() for state in states}
        counts |= {"": sum(counts.values()), "pending": takes.waiting().count()}
        return {state: n for state, n in counts.items() if n}

    def best_first(self) -> Self:
        return self.order_by(F("quality").desc(nulls_last=True), "-take", "-pk")

    def rank(self) -> int:
        """Recompute `quality`, `is_best` and their sentences' `recorded`.

        These are all takes of some sentences, locked. The quality is that of the newest score. Of
        each speaker's takes of a sentence, in the style of its label, one is the best: accepted
        before pending, then by quality, then the newest; the quality of a pending one does not
        count, as it changes with the neutral voice. Returns how many of the columns were not so.
        """
        if not self.exists():  # as for most sentences that are labelled
            return 0
        scores = apps.get_model("corpus", "ProsodyScore").objects.filter(recording=OuterRef("pk"))
        newest = Subquery(scores.order_by("-pk").values("quality")[:1])
        old = self.order_by().annotate(newest=newest)
        old = old.exclude(quality=F("newest")).exclude(quality=None, newest=None)
        n = old.update(quality=newest)
        best = self.order_by()._best().values("pk")
        n += self.filter(is_best=True).exclude(pk__in=best).update(is_best=False)
        n += self.filter(is_best=False, pk__in=best).update(is_best=True)
        sentences: Any = apps.get_model("corpus", "Sentence").objects
        return n + int(sentences.filter(pk__in=self.values("sentence")).mark_recorded())

    def _best(self) -> Self:
        judged = Case(When(state="accepted", then=F("quality")))
        turn = Window(
            RowNumber(),
            partition_by=["sentence", "speaker"],
            order_by=["state", judged.desc(nulls_last=True), "-take", "-pk"],
        )
        left = self.filter(style=F("sentence__label")).exclude(state="rejected")
        return left.annotate(turn=turn).filter(turn=1)


class TakeVerdictQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Keep verdicts that were not undone, newest first."""
        undoing = self.model._default_manager.filter(undoes=OuterRef("pk"))
        return self.filter(~Exists(undoing), undoes=None).order_by("-pk")


class SentenceFlagQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Keep the remarks that nobody has resolved, oldest first."""
        return self.filter(resolves=None, resolved_by=None).order_by("pk")


class LabelDecisionQuerySet(models.QuerySet):
    SAID = ("person", "style", "source", "blind")

    def independent(self) -> dict[int, dict[int, int]]:
        """Return the blind votes that were not undone, as sentence → person → style."""
        decisions: dict[int, list[Said]] = defaultdict(list)
        blind = self.model._default_manager.filter(blind=True).values("sentence")
        rows = self.filter(sentence__in=blind).order_by("pk")
        for pk, *said in rows.values_list("sentence", *self.SAID):
            decisions[pk].append(Said(*said))
        return {pk: _blind_votes(rows) for pk, rows in decisions.items()}


def _blind_votes(decisions: list[Said]) -> dict[int, int]:
    """Return each person's last blind decision; changes after seeing the others do not count."""
    unseen = [said for said in decisions if said.blind or said.source == label_resolution.UNDO]
    return {
        person: said.style for person, said in label_resolution.tops(unseen).items() if said.style
    }
