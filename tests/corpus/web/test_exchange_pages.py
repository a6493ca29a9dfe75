"""The exchange format in the browser: an export can be imported again."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from corpus.models import LabelDecision, Sentence
from tests.corpus.web.conftest import signed_in
from tests.factories import LabelFactory

pytestmark = pytest.mark.django_db


def send(client: Any, content: bytes) -> Any:
    return client.post(
        reverse("corpus_import"), {"file": SimpleUploadedFile("corpus.json", content)}
    )


def test_importing_an_export_again_changes_nothing(sentence, neutral, labeler):
    LabelFactory(sentence=sentence, style=neutral)
    client = signed_in(labeler)
    answer = client.get(reverse("corpus_export"))
    content = b"".join(answer.streaming_content)
    assert "attachment" in answer["Content-Disposition"]
    assert [row["sentence_id"] for row in json.loads(content)] == ["shcc-01"]
    assert send(client, content).status_code == 302
    assert (Sentence.objects.count(), LabelDecision.objects.count()) == (1, 1)


def test_faults_are_listed_with_line_and_field_and_nothing_changes(sentence, neutral, labeler):
    wrong = {"sentence_id": "shcc-01", "text": sentence.text, "list": sentence.list}
    faulty = [wrong | {"style_label": "loud"}, {"text": "¿Y el id?"}]
    answer = send(signed_in(labeler), json.dumps(faulty, indent=1).encode())
    assert answer.status_code == 422
    faults = answer.context["faults"]
    assert "style_label" in {field for _line, field, _text in faults}
    assert len(faults) >= 2
    assert all(line >= 1 for line, _field, _text in faults)
    assert LabelDecision.objects.count() == 0
