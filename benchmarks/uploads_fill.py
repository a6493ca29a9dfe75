"""Creates the speakers of the upload benchmark; afterwards lists rows and files to compare."""

import hashlib
import json
import sys
from typing import Any

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.files.storage import default_storage  # noqa: E402

from benchmarks.labeling_fill import session_of  # noqa: E402
from corpus.models import Recording, Sentence, StyleLabel  # noqa: E402
from corpus.services.speakers import consent_give  # noqa: E402

PEOPLE = 20


def people_make() -> list[dict[str, Any]]:
    group = Group.objects.get_or_create(name="speaker")[0]
    people = []
    for n in range(PEOPLE):
        person = User.objects.create(username=f"bench-speaker{n}", password="!")  # noqa: S106
        person.groups.add(group)
        speaker = consent_give(person=person, text="bench")
        people.append({"speaker": speaker.pk, "session": session_of(person)})
    return people


def takes_check() -> dict[str, Any]:
    """Return every row with its file's hash, and the files without a row."""
    rows = []
    for take in Recording.objects.order_by("pk"):
        with take.original.open("rb") as original, take.wav.open("rb") as wav:
            said = hashlib.file_digest(original, "sha256").hexdigest()
            measured = hashlib.file_digest(wav, "sha256").hexdigest()
        whole = measured == take.sha256 and take.prosody_scores.count() == 1
        rows.append((str(take.uuid), take.original_sha256, said, whole))
    owned = Recording.objects.values_list("original", "wav")
    return {"rows": rows, "orphans": sorted(set(files()).difference(*owned))}


def files() -> list[str]:
    folders = [f for f in ("originals", "recordings") if default_storage.exists(f)]
    return [f"{folder}/{name}" for folder in folders for name in default_storage.listdir(folder)[1]]


def main() -> None:
    if sys.argv[1:] == ["check"]:
        print(json.dumps(takes_check()))
        return
    result = {
        "people": people_make(),
        "sentences": list(Sentence.objects.values_list("sentence_id", flat=True)),
        "styles": list(StyleLabel.objects.values_list("key", flat=True)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
