"""Fills PostgreSQL for the benchmark of scale: sentences, labels, takes, scores, runs, by SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from corpus.audio.checks import take_checks
from corpus.audio.io import encode_wav
from corpus.audio.profile import quality
from corpus.audio.prosody import ANALYSER, measure
from corpus.files import sha256
from corpus.models import QualityThreshold, Recording, Speaker
from distillation.models import Run, TakeUse
from tests import signals
from tests.distillation.factories import finished_run
from voicelab.roles import ADMIN, LABELER, REVIEWER

SOUND = "recordings/scale.wav"  # every take's file; see `scale_pages.OneSound`
LABELERS, SPEAKERS, RUNS = 20, 40, 30
STYLES = ("neutral", "amable", "empatico", "profesional")

SENTENCES_SQL = """
insert into corpus_sentence (sentence_id, text, searchable, phonemes, syllables, category_id, list,
                             kind, position, draw, standing, votes, recorded, latest_decision)
select made.id, like_.text || ' Caso ' || n, like_.searchable || ' caso ' || n, like_.phonemes,
       like_.syllables, like_.category_id, like_.list, like_.kind, 1000 + n,
       ('x' || substr(encode(sha256(made.id::bytea), 'hex'), 1, 8))::bit(32)::bigint / 4294967296.0,
       'open', 0, '', 0
from (select n, 'scale-' || lpad(n::text, 6, '0') as id
      from generate_series(1, %(n)s::int) n) as made
join (select *, row_number() over (order by id) - 1 as k, count(*) over () as many
      from corpus_sentence) as like_ on like_.k = made.n %% like_.many
"""
# Four in a hundred are open; one blind pair in ten differs, half of these were adjudicated.
PLAN_SQL = """
create temporary table plan as
select id as sentence, draw < %(share)s::float as blind, random() as luck,
       random() < 0.1 as differs, random() < 0.5 as settled,
       1 + floor(random() * 4)::int as style, floor(random() * %(people)s::int)::int as person
from corpus_sentence
"""
DECISIONS_SQL = """
insert into corpus_labeldecision (sentence_id, style_id, person_id, source, blind, created_at)
select plan.sentence, styles.id, people.id,
       case when luck > 0.5 then 'person' else 'suggestion' end, plan.blind,
       now() - interval '1 second' * (random() * 20000000)
from plan cross join generate_series(0, 1) as turn
join (select id, row_number() over (order by position) as k from corpus_stylelabel) as styles
  on styles.k = 1 + (plan.style - 1 + case when plan.differs then turn else 0 end) %% 4
join (select id, row_number() over (order by id) - 1 as k from auth_user
      where username like 'labeler%%') as people
  on people.k = (plan.person + 7 * turn) %% %(people)s::int
where luck > 0.04 and (plan.blind or turn = 0)
order by turn, random()
"""
ADJUDICATIONS_SQL = """
insert into corpus_adjudication (sentence_id, style_id, person_id, reason, created_at)
select sentence, (select id from corpus_stylelabel where key = 'neutral'), %(person)s, 'Así.', now()
from plan where blind and differs and settled and luck > 0.04
"""
LABELS_SQL = """
update corpus_sentence s set
  votes = case when plan.blind then 2 else 1 end,
  standing = case when not (plan.blind and plan.differs) then 'labelled'
                  when plan.settled then 'settled' else 'disputed' end,
  label_id = case when not (plan.blind and plan.differs) then styles.id
                  when plan.settled then (select id from corpus_stylelabel where key = 'neutral')
             end,
  latest_decision = (select max(id) from corpus_labeldecision where sentence_id = s.id)
from plan join (select id, row_number() over (order by position) as k from corpus_stylelabel)
  as styles on styles.k = plan.style
where plan.sentence = s.id and luck > 0.04
"""
# Some speakers recorded much, most little; one take in twenty is in another style than the label.
TAKES_SQL = """
insert into corpus_recording (uuid, sentence_id, style_id, speaker_id, uploaded_by_id, take, state,
  original, wav, sha256, original_sha256, sr, duration_s, loudness_lufs, peak_db, checks,
  is_best, created_at)
select gen_random_uuid(), sentence, style, speaker, %(person)s,
       row_number() over (partition by sentence, style, speaker order by n),
       case when luck < 0.8 then 'accepted' when luck < 0.92 then 'rejected' else 'pending' end,
       'originals/' || n || '.bin', 'recordings/scale-' || n || '.wav', %(sha256)s,
       encode(sha256(n::text::bytea), 'hex'), 24000, 2 + 4 * random(), -23, -3, %(checks)s::jsonb,
       false, now() - interval '1 second' * (%(takes)s::int - n)
from (select n, sentences[1 + n %% cardinality(sentences)] as sentence, random() as luck,
             speakers[1 + floor(cardinality(speakers) * power(random(), 2))::int] as speaker,
             case when random() < 0.05 then styles[1 + n %% cardinality(styles)]
                  else labels[1 + n %% cardinality(labels)] end as style
      from generate_series(1, %(takes)s::int) n,
           (select array_agg(id order by id) as sentences, array_agg(label_id order by id) as labels
            from corpus_sentence where label_id is not null) as labelled,
           (select array_agg(id order by id) as speakers from corpus_speaker) as people,
           (select array_agg(id order by id) as styles from corpus_stylelabel) as looks) as made
order by n
"""
SCORES_SQL = """
insert into corpus_prosodyscore (recording_id, analyser, quality, parts, measures, pitch_mean_hz,
                                 pitch_range_st, energy_std, speech_rate, pause_ratio, created_at)
select id, %(analyser)s, case when state = 'rejected' then random() * 0.8
                              else 0.3 + random() * 0.7 end,
       %(parts)s::jsonb, %(measures)s::jsonb, 180, 6, 0.1, 5, 0.1, created_at
from corpus_recording order by id
"""
VERDICTS_SQL = """
insert into corpus_takeverdict (recording_id, state, reason, person_id, created_at)
select id, state, case when state = 'rejected' then 'Ruido.' else '' end, %(person)s, created_at
from corpus_recording where state <> 'pending' order by id
"""


@dataclass(frozen=True)
class People:
    """Somebody of each role."""

    labeler: User
    speaker: User
    reviewer: User
    admin: User


def fill(*, sentences: int, takes: int) -> None:
    """Create everything; the database has what `manage.py prepare` puts there."""
    with transaction.atomic(), connection.cursor() as cursor:
        reviewer = people_make()
        speakers_make()
        cursor.execute("select setseed(0.5)")
        cursor.execute("set local session_replication_role = replica")  # no checks of foreign keys
        _rows_make(cursor, sentences, takes, reviewer.pk)
        runs_make()
        QualityThreshold.objects.create(value=0.6, person=reviewer)
    with connection.cursor() as cursor:
        # What ranking a million takes at once leaves behind, no year of use would.
        cursor.execute("vacuum (full)")
        cursor.execute("vacuum (analyze)")  # and which pages index scans need not read


def _rows_make(cursor: Any, sentences: int, takes: int, person: int) -> None:
    sound = sound_store()
    cursor.execute(SENTENCES_SQL, {"n": sentences})
    cursor.execute(PLAN_SQL, {"share": settings.BLIND_SHARE, "people": LABELERS})
    cursor.execute(DECISIONS_SQL, {"people": LABELERS})
    cursor.execute(ADJUDICATIONS_SQL, {"person": person})
    cursor.execute(LABELS_SQL)
    cursor.execute("analyze corpus_sentence")
    given = {"takes": takes, "person": person, **sound}
    cursor.execute(TAKES_SQL, given)
    cursor.execute(SCORES_SQL, {"analyser": ANALYSER, **sound})
    cursor.execute(VERDICTS_SQL, {"person": person})
    cursor.execute("analyze")
    Recording.objects.rank()


def people_make() -> User:
    """Create the labelers, a reviewer and an admin; return the reviewer."""
    groups = {name: Group.objects.get(name=name) for name in (LABELER, REVIEWER, ADMIN)}
    for n in range(LABELERS):
        _person(f"labeler{n:02}").groups.add(groups[LABELER])
    _person("admin", is_staff=True, is_superuser=True).groups.add(groups[ADMIN])
    reviewer = _person("reviewer")
    reviewer.groups.add(groups[REVIEWER])
    return reviewer


def speakers_make() -> None:
    """Create the speakers; one in twenty withdrew, two are synthetic."""
    group, now = Group.objects.get(name="speaker"), timezone.now()
    for n in range(SPEAKERS):
        person = _person(f"speaker{n:02}")
        person.groups.add(group)
        Speaker.objects.create(
            name=f"Hablante {n:02}", user=person, synthetic=n in (5, 25), consented_at=now,
            withdrawn_at=now + timedelta(seconds=1) if n % 20 == 19 else None,
        )  # fmt: skip


def people() -> People:
    """Return whose pages are measured: the speaker is the one with the most takes."""
    names = ("labeler00", "speaker00", "reviewer", "admin")
    return People(*(User.objects.get(username=name) for name in names))


def runs_make() -> None:
    """Create finished runs, each of five takes a style of one speaker."""
    for n in range(RUNS):
        run: Run = finished_run(*STYLES)
        takes = Recording.objects.filter(state="accepted", speaker__name=f"Hablante {n % 10:02}")
        for style_run in run.style_runs.all():
            of_style = takes.filter(style__key=style_run.style).order_by("pk")[n : n + 5]
            TakeUse.objects.bulk_create(
                TakeUse(style_run=style_run, recording=take, role="take") for take in of_style
            )


def sound_store() -> dict[str, str]:
    """Store the sound of all takes; return what its rows say: hash, checks, parts, measures."""
    audio = signals.speech()
    data, prosody, checks = encode_wav(audio), measure(audio, syllables=12), take_checks(audio)
    if not default_storage.exists(SOUND):
        default_storage.save(SOUND, ContentFile(data))
    return {
        "sha256": sha256(data),
        "checks": json.dumps([check.to_json() for check in checks]),
        "parts": json.dumps(quality(prosody, checks, {}, None).to_json()),
        "measures": json.dumps(prosody.to_json()),
    }


def _person(name: str, **rights: bool) -> User:
    return User.objects.create(username=name, password="!", **rights)  # noqa: S106
