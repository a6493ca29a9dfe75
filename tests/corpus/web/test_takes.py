"""Takes: what is stored, what is refused, what a page shows, who may review."""

from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from corpus.audio.io import read_wav
from corpus.audio.types import AudioError
from corpus.models import Recording, TakeVerdict
from corpus.services.takes import ConsentMissing, TakeIdTaken, take_measure, take_store
from corpus.services.verdicts import take_judge
from tests.corpus.web.conftest import files_in, signed_in, wav
from tests.factories import LabelFactory, SentenceFactory, SpeakerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(sentence, neutral, speaker):
    """Store a take of the sentence; arguments override."""

    def store(data: bytes | None = None, **changes: Any) -> Recording:
        given = {"sentence": sentence, "style": neutral, "speaker": speaker} | changes
        return take_store(person=speaker.user, file=BytesIO(data or wav()), **given)

    return store


def test_a_take_is_stored_as_mono_wav_with_its_original(keep, media):
    stereo = BytesIO()
    y, sr = soundfile.read(BytesIO(wav()))
    soundfile.write(stereo, np.stack([y, y], axis=1), sr, format="FLAC")
    take = keep(stereo.getvalue())
    assert (take.take, take.state, take.sr) == (1, "pending", sr)
    assert take.duration_s == pytest.approx(len(y) / sr, abs=0.01)
    names = [Path(name) for name in files_in(media)]
    assert [(str(name.parent), name.suffix) for name in names] == [
        ("originals", ".bin"),
        ("recordings", ".wav"),
    ]
    assert all(name.stem.startswith(f"{take.uuid}_") for name in names)
    assert Path(take.original.path).read_bytes() == stereo.getvalue()
    assert read_wav(Path(take.wav.path)).sr == sr


def test_prosody_checks_and_quality_are_measured(keep):
    take = keep(wav(200.0))
    score = take.prosody_scores.get()
    assert score.pitch_mean_hz == pytest.approx(200, rel=0.05)
    assert score.speech_rate == pytest.approx(5, rel=0.15)
    assert 0 < score.quality <= 1
    assert {check["code"] for check in take.checks} >= {"clipping", "level", "noise", "length"}


def test_the_same_file_again_is_the_same_take(keep, media):
    first = keep(wav())
    assert keep(wav()) == first
    assert len(files_in(media)) == 2


def test_the_same_attempt_again_is_the_same_take(keep):
    attempt = uuid4()
    first = keep(wav(), uuid=attempt)
    assert first.uuid == attempt
    assert keep(wav(), uuid=attempt) == first


def test_other_bytes_under_a_stored_id_are_refused_and_nothing_is_changed(keep, media, warm):
    attempt = uuid4()
    first = keep(wav(), uuid=attempt)
    before = files_in(media)
    for changes in ({"data": wav(180.0)}, {"style": warm}):
        with pytest.raises(TakeIdTaken) as refused:
            keep(uuid=attempt, **changes)
        assert len(str(refused.value)) > 20
    assert list(Recording.objects.all()) == [first]
    assert files_in(media) == before


def test_takes_are_numbered_per_sentence_style_and_speaker(keep, warm):
    assert [keep(wav(f0)).take for f0 in (140.0, 150.0, 160.0)] == [1, 2, 3]
    assert keep(wav(140.0), style=warm).take == 1
    assert keep(wav(140.0), speaker=SpeakerFactory()).take == 1


def test_style_is_scored_against_the_speakers_own_neutral_voice(keep, warm):
    raised = keep(wav(150.0 * 2 ** (3 / 12)), style=warm, sentence=SentenceFactory(syllables=10))
    assert "pitch_st" in raised.prosody_scores.get().parts["missing"]
    keep(wav(150.0))
    [part] = [
        p for p in raised.prosody_scores.get().parts["parts"] if p["code"] == "pitch_st"
    ]  # scored again when the neutral voice became known
    assert part["value"] == pytest.approx(3, abs=0.4)
    assert part["score"] == 1


def test_a_rejected_neutral_take_is_not_a_baseline(keep, warm, reviewer):
    raised = keep(wav(190.0), style=warm, sentence=SentenceFactory(syllables=10))
    base = keep(wav(150.0))
    take_judge(recording=base, person=reviewer, state="rejected", reason="noise")
    assert "pitch_st" in raised.prosody_scores.get().parts["missing"]


def test_measuring_again_appends_a_score_and_the_newest_counts(keep):
    take = keep()
    before = take.prosody_scores.get()
    again = take_measure(recording=take)
    assert list(take.prosody_scores.all()) == [again, before]


def test_a_verdict_is_appended_and_becomes_the_state(keep, reviewer):
    take = keep()
    take_judge(recording=take, person=reviewer, state="rejected", reason="cut off")
    take_judge(recording=take, person=reviewer, state="accepted")
    take.refresh_from_db()
    assert take.state == "accepted"
    assert [v.state for v in TakeVerdict.objects.order_by("pk")] == ["rejected", "accepted"]
    assert list(Recording.objects.usable()) == [take]


def test_without_consent_nothing_is_stored(keep, media):
    stranger = SpeakerFactory(consented_at=None)
    gone = SpeakerFactory(withdrawn_at=timezone.now())
    for speaker in (stranger, gone):
        with pytest.raises(ConsentMissing):
            keep(speaker=speaker)
    assert files_in(media) == []


def test_the_service_raises_an_error_with_a_code(keep):
    with pytest.raises(AudioError) as refused:
        keep(b"nonsense")
    assert refused.value.code == "not_audio"


def test_when_storing_fails_no_file_is_left(keep, media, monkeypatch):
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Recording, "save", full)
    with pytest.raises(OSError, match="disk full"):
        keep()
    assert files_in(media) == []


def send(client: Any, sentence: Any, data: bytes, htmx: bool = True, **more: Any) -> Any:
    file = SimpleUploadedFile("../../etc/take.exe", data, content_type="text/plain")
    form = {"sentence": sentence.sentence_id, "style": "neutral", **more}
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(reverse("take_upload"), form | {"file": file}, headers=headers)


def test_a_speaker_uploads_and_sees_the_take(sentence, neutral, speaker, media):
    client = signed_in(speaker.user)
    answer = send(client, sentence, wav())
    take = Recording.objects.get()
    assert answer.headers["HX-Redirect"] == reverse("take", args=[take.pk])
    assert not [name for name in files_in(media) if "exe" in name or "etc" in name]
    page = client.get(reverse("take", args=[take.pk]))
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="waveform"' in page.content.decode()
    assert send(client, sentence, wav(170.0), htmx=False).status_code == 302


def test_an_empty_file_and_no_file_have_different_messages(sentence, neutral, speaker):
    client = signed_in(speaker.user)
    empty = send(client, sentence, b"")
    none = client.post(reverse("take_upload"), {"sentence": "shcc-01", "style": "neutral"})
    assert empty.status_code == none.status_code == 422
    messages = [str(answer.context["form"].errors["file"]) for answer in (empty, none)]
    assert messages[0] != messages[1]


def test_an_upload_over_the_limit_is_discarded_while_it_is_received(
    sentence, neutral, speaker, media, settings
):
    settings.MAX_UPLOAD_BYTES = 100_000
    answer = send(signed_in(speaker.user), sentence, bytes(300_000))
    assert answer.status_code == 422
    assert "97" in answer.context["form"].errors["file"][0]  # 97,7 KB
    assert files_in(media) == []


def test_the_form_offers_the_next_sentence_in_the_style_of_its_label(
    sentence, neutral, warm, speaker, keep
):
    other = SentenceFactory(sentence_id="shcc-02")
    LabelFactory(sentence=sentence, style=neutral)
    LabelFactory(sentence=other, style=warm)
    client = signed_in(speaker.user)
    assert client.get(reverse("take_upload")).context["form"]["sentence"].value() == "shcc-01"
    keep()
    form = client.get(reverse("take_upload")).context["form"]
    assert (form["sentence"].value(), form["style"].value()) == ("shcc-02", "amable")
    asked = client.get(reverse("take_upload"), {"sentence": "shcc-01", "style": "amable"})
    assert asked.context["style"] == warm


def test_consent_comes_before_the_first_take(sentence, neutral):
    person = SpeakerFactory.create(user__roles=["speaker"], consented_at=None).user
    client = signed_in(person)
    assert client.get(reverse("take_upload")).url.startswith(reverse("consent"))
    assert client.post(reverse("consent"), {}).status_code == 422
    client.post(reverse("consent"), {"agree": "on"})
    person.speaker.refresh_from_db()
    assert person.speaker.consented_at
    assert "withdraw" in person.speaker.consent_text or "retir" in person.speaker.consent_text
    assert client.get(reverse("take_upload")).status_code == 200
    client.post(reverse("consent_withdraw"))
    assert client.get(reverse("take_upload")).status_code == 302
    assert send(client, sentence, wav()).headers["HX-Redirect"].startswith(reverse("consent"))


def test_speakers_play_only_their_own_takes(keep, reviewer):
    own, other = keep(), keep(speaker=SpeakerFactory(user__roles=["speaker"]))
    client = signed_in(own.speaker.user)
    assert b"".join(client.get(reverse("take_audio", args=[own.pk])).streaming_content)
    for name in ("take", "take_audio", "take_waveform"):
        assert client.get(reverse(name, args=[other.pk])).status_code == 404
    assert list(client.get(reverse("takes")).context["page"]) == [own]
    assert signed_in(reviewer).get(reverse("take", args=[other.pk])).status_code == 200


def test_rejecting_needs_a_reason(keep, reviewer):
    take, client = keep(), signed_in(reviewer)
    url = reverse("take_judge", args=[take.pk])
    assert client.post(url, {"state": "rejected", "seen": 0}).status_code == 422
    assert client.post(url, {"state": "rejected", "reason": "noise", "seen": 0}).status_code == 302
    assert client.post(url, {"state": "pending", "seen": 0}).status_code == 422
    take.refresh_from_db()
    assert take.state == "rejected"


def test_another_reviewers_verdict_is_overwritten_only_once_seen(keep, reviewer, labeler):
    take, client = keep(), signed_in(reviewer)
    page, url = (reverse(name, args=[take.pk]) for name in ("take", "take_judge"))
    seen = client.get(page).context["verdict_form"]["seen"].value()
    verdict = take_judge(recording=take, person=labeler, state="rejected", reason="noise")
    answer = client.post(url, {"state": "accepted", "seen": seen}, follow=True)
    assert "Entretanto" in str(*answer.context["messages"])
    assert (answer.context["take"].state, take.verdicts.count()) == ("rejected", 1)
    assert answer.context["verdict_form"]["seen"].value() == verdict.pk
    client.post(url, {"state": "accepted", "seen": verdict.pk})
    take.refresh_from_db()
    assert (take.state, take.verdicts.count()) == ("accepted", 2)


@pytest.mark.parametrize(
    ("header", "status", "span"),
    [
        ("", 200, (0, None)),
        ("bytes=0-99", 206, (0, 100)),
        ("bytes=100-", 206, (100, None)),
        ("bytes=-50", 206, (-50, None)),
        ("bytes=0-99999999", 206, (0, None)),
        ("bytes=99999999-", 416, None),
        ("bytes=5-2", 200, (0, None)),
        ("nonsense", 200, (0, None)),
    ],
)
def test_audio_supports_range_requests(header, status, span, keep, reviewer):
    take = keep()
    content = Path(take.wav.path).read_bytes()
    headers = {"Range": header} if header else {}
    answer = signed_in(reviewer).get(reverse("take_audio", args=[take.pk]), headers=headers)
    assert answer.status_code == status
    if span:
        got = b"".join(answer.streaming_content)
        assert got == content[span[0] : span[1]]
        assert int(answer["Content-Length"]) == len(got)


def test_the_list_filters_and_makes_few_queries(
    keep, warm, reviewer, django_assert_max_num_queries
):
    first = keep(wav(140.0))
    for n in range(4):
        keep(wav(150.0 + n), style=warm)
    take_judge(recording=first, person=reviewer, state="accepted")
    client = signed_in(reviewer)
    with django_assert_max_num_queries(13):
        assert len(client.get(reverse("takes")).context["page"]) == 5
    for query, n in (("state=accepted", 1), ("style=amable", 4), ("q=shcc-01", 5), ("q=zzz", 0)):
        assert len(client.get(f"{reverse('takes')}?{query}").context["page"]) == n
