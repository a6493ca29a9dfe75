"""The manifest: round trip, and errors that name the damaged field."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.manifest import NAME, Manifest, ManifestError, ManifestVoice, read, write

VOICE = {"file": "neutral.pt", "sha256": "a" * 64, "engine": "praat"}
GOOD = {"version": 1, "default": "neutral", "voices": {"neutral": VOICE}}


def test_a_manifest_survives_a_round_trip(tmp_path):
    voices = {
        "neutral": ManifestVoice(**VOICE, style="neutral", about={"score": 91.5, "by": "Inés"}),
        "amable": ManifestVoice(
            file="amable.pt",
            sha256="b" * 64,
            engine="kokoro",
            speed=1.04,
            gain_db=-1.2,
            pitch_range=1.1,
        ),
    }
    manifest = Manifest(default="neutral", voices=voices)
    path = write(tmp_path / "new", manifest)
    assert read(tmp_path / "new") == manifest
    assert path == tmp_path / "new" / NAME
    assert [entry.name for entry in path.parent.iterdir()] == [NAME]
    assert "Inés" in path.read_text(encoding="utf-8")


def test_equal_manifests_are_equal_bytes(tmp_path):
    a, b = (ManifestVoice(**VOICE | {"sha256": sign * 64}) for sign in "ab")
    write(tmp_path / "1", Manifest(default="x", voices={"x": a, "y": b}))
    write(tmp_path / "2", Manifest(default="x", voices={"y": b, "x": a}))
    assert (tmp_path / "1" / NAME).read_bytes() == (tmp_path / "2" / NAME).read_bytes()


def test_an_older_manifest_has_no_speed_and_gain(tmp_path):
    (tmp_path / NAME).write_text(json.dumps(GOOD), encoding="utf-8")
    assert read(tmp_path).voices["neutral"].delivery.is_plain


def test_a_missing_manifest_is_none(tmp_path):
    assert read(tmp_path) is None
    assert read(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "not JSON"),
        ("[" * 200_000, "not JSON"),
        ("1" * 5000, "not JSON"),
        ("[]", "object"),
        (GOOD | {"version": 2}, "version"),
        (GOOD | {"default": "amable"}, "neutral"),
        (GOOD | {"default": None}, "default"),
        (GOOD | {"voices": []}, "voices"),
        (GOOD | {"voices": {"neutral": 3}}, "voices.neutral"),
        (GOOD | {"voices": {"neutral": {"file": "a.pt"}}}, "voices.neutral.sha256"),
        (GOOD | {"voices": {"neutral": VOICE | {"engine": 5}}}, "voices.neutral.engine"),
        (GOOD | {"voices": {"neutral": VOICE | {"file": "../a.pt"}}}, "voices.neutral.file"),
        (GOOD | {"voices": {"neutral": VOICE | {"sha256": "xyz"}}}, "voices.neutral.sha256"),
        (GOOD | {"voices": {"neutral": VOICE | {"colour": "red"}}}, "colour"),
        (GOOD | {"voices": {"neutral": VOICE | {"speed": 3}}}, "voices.neutral.speed: 0.8 to"),
        (GOOD | {"voices": {"neutral": VOICE | {"gain_db": "loud"}}}, "voices.neutral.gain_db: a"),
    ],
)
def test_the_error_of_a_damaged_manifest_names_file_and_field(tmp_path, content, named):
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        read(tmp_path)
    assert str(tmp_path / NAME) in str(caught.value)
    assert named in str(caught.value)
    assert "mend it" in str(caught.value)


def test_a_manifest_that_is_not_text_is_reported(tmp_path):
    (tmp_path / NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match="cannot be read"):
        read(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["version", "default", "voices", "neutral", "file", "sha256", "engine"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(content=JSON)
def test_any_json_gives_a_manifest_or_a_manifest_error(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    (folder / NAME).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ManifestError):
        read(folder)
