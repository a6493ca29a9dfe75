"""Voice packs: refused input and error codes, file contents, equal bytes for equal packs."""

import hashlib
import io
import logging
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from distillation.voicepack import PackError, VoicePack, interpolate, load, save


def values(rows=510, seed=0):
    return np.random.default_rng(seed).normal(0, 0.14, (rows, 1, 256)).astype(np.float32)


@pytest.fixture
def pack():
    return VoicePack(values(), "praat")


def refused(path, **kwargs):
    with pytest.raises(PackError) as caught:
        load(path, **kwargs)
    assert str(path) in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("rows", [510, 511])
def test_save_and_load(tmp_path, rows):
    pack = VoicePack(values(rows), "praat")
    sha256 = save(pack, tmp_path / "deep" / "voz.pt")
    back = load(tmp_path / "deep" / "voz.pt", engine="praat")
    assert np.array_equal(back.data, pack.data)
    assert back.engine == "praat"
    assert back.sha256 == pack.sha256
    assert sha256 == hashlib.sha256((tmp_path / "deep" / "voz.pt").read_bytes()).hexdigest()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["voz.pt"]


def test_a_pack_is_loaded_by_torch_as_a_plain_tensor(tmp_path, pack):
    save(pack, tmp_path / "voz.pt")
    tensor = torch.load(tmp_path / "voz.pt", weights_only=True)
    assert isinstance(tensor, torch.Tensor)
    assert torch.equal(tensor, torch.from_numpy(pack.data.copy()))


def test_equal_packs_give_equal_files_under_any_name(tmp_path, pack):
    again = VoicePack(pack.data.copy(), "praat")
    assert save(pack, tmp_path / "a.pt") == save(again, tmp_path / "otra.pt")
    assert save(VoicePack(pack.data, "kokoro"), tmp_path / "k.pt") != save(pack, tmp_path / "a.pt")


def test_a_file_without_an_engine_is_kokoros(tmp_path):
    torch.save(torch.from_numpy(values()), tmp_path / "plain.pt")
    assert load(tmp_path / "plain.pt", engine="kokoro").engine == "kokoro"
    assert refused(tmp_path / "plain.pt", engine="praat") == "wrong_engine"


def test_a_published_pack_loads(shared_data):
    pack = load(shared_data / "kokoro" / "voices" / "ef_dora.pt", engine="kokoro")
    assert pack.data.shape == (510, 1, 256)


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_with_code_is_refused_and_logged(tmp_path, caplog):
    torch.save(Payload(tmp_path / "ran"), tmp_path / "evil.pt")
    with caplog.at_level(logging.WARNING, "distillation.voicepack"):
        assert refused(tmp_path / "evil.pt") == "unsafe"
    assert "evil.pt" in caplog.text
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("form", ["nested", "encrypted", "deflated"])
def test_damaged_metadata_is_a_damaged_pack(tmp_path, form):
    path = tmp_path / "a.pt"
    torch.save(torch.from_numpy(values()), path)
    deflated = zipfile.ZIP_DEFLATED if form == "deflated" else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a/voicelab.json", b"[" * 100_000, deflated)
    blob = bytearray(path.read_bytes())
    if form == "encrypted":
        blob[blob.rfind(b"PK\x01\x02") + 8] |= 1
    if form == "deflated":
        begin = blob.find(b"a/voicelab.json") + len("a/voicelab.json")
        blob[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(blob)
    assert refused(path) == "not_a_pack"


def test_the_error_of_any_damage_names_the_file(tmp_path):
    (tmp_path / "empty.pt").touch()
    (tmp_path / "noise.pt").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "bare.pt").write_bytes(pickle.dumps([1, 2]))
    torch.save(torch.from_numpy(values()), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "big.pt").write_bytes(bytes(9 * 2**20))
    torch.save({"voice": torch.from_numpy(values())}, tmp_path / "dict.pt")
    codes = {
        path.stem: refused(path) for path in sorted(tmp_path.glob("*.pt")) if path.stem != "whole"
    }
    assert codes == {
        "big": "too_large", "bare": "not_a_pack", "cut": "not_a_pack", "dict": "not_a_pack",
        "empty": "not_a_pack", "noise": "not_a_pack",
    }  # fmt: skip
    assert refused(tmp_path / "absent.pt") == "missing"
    assert refused(tmp_path) == "unreadable"


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(64 * 2**20))
    assert (tmp_path / "bomb.pt").stat().st_size < 2**20
    assert refused(tmp_path / "bomb.pt") == "too_large"


@pytest.mark.parametrize(
    ("tensor", "code"),
    [
        (torch.zeros(510, 256), "shape"),
        (torch.zeros(509, 1, 256), "shape"),
        (torch.zeros(1, 1, 1).expand(10**6, 10**6, 256), "shape"),
        (torch.zeros(510, 1, 256, dtype=torch.float64), "dtype"),
        (torch.zeros(510, 1, 256, dtype=torch.float16), "dtype"),
        (torch.full((510, 1, 256), float("nan")), "not_finite"),
        (torch.full((510, 1, 256), float("inf")), "not_finite"),
        (torch.full((510, 1, 256), 1e6), "out_of_range"),
        (torch.zeros(510, 1, 256).to_sparse(), "not_a_pack"),
        (torch.zeros(510, 1, 256, device="meta"), "not_a_pack"),
        (torch.zeros(510, 1, 256, dtype=torch.complex64), "dtype"),
    ],
)
def test_tensors_that_are_not_a_voice_are_refused(tmp_path, tensor, code):
    torch.save(tensor, tmp_path / "voz.pt")
    assert refused(tmp_path / "voz.pt") == code


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "voz.pt")
    assert refused(tmp_path / "voz.pt") == "unreadable"


def test_metadata_without_an_engine_is_refused(tmp_path):
    buffer = io.BytesIO()
    torch.save(torch.from_numpy(values()), buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("archive/voicelab.json", "[]")
    (tmp_path / "voz.pt").write_bytes(buffer.getvalue())
    assert refused(tmp_path / "voz.pt") == "not_a_pack"


@given(phonemes=st.integers(-5, 2000))
def test_the_row_is_the_phoneme_count_minus_one_within_the_pack(phonemes):
    data = np.broadcast_to(np.arange(510, dtype=np.float32)[:, None, None] / 10, (510, 1, 256))
    row = VoicePack(data, "praat").row(phonemes)
    assert row.shape == (256,)
    assert row[0] == np.float32(min(max(phonemes - 1, 0), 509) / 10)


def test_a_pack_cannot_be_changed_from_outside():
    data = values()
    pack = VoicePack(data, "praat")
    data[:] = 0
    assert pack.data.any()
    with pytest.raises(ValueError, match="read-only"):
        pack.data[0] = 0


def test_interpolation_meets_both_ends_and_the_middle(pack):
    other = VoicePack(values(seed=1), "praat")
    assert np.array_equal(interpolate(pack, other, 0.0).data, pack.data)
    assert np.array_equal(interpolate(pack, other, 1.0).data, other.data)
    middle = interpolate(pack, other, 0.5).data
    assert np.allclose(middle, (pack.data + other.data) / 2, atol=1e-7)


def test_packs_of_different_shape_or_engine_are_not_interpolated(pack):
    with pytest.raises(PackError) as engine:
        interpolate(pack, VoicePack(values(), "kokoro"), 0.5)
    with pytest.raises(PackError) as shape:
        interpolate(pack, VoicePack(values(511), "praat"), 0.5)
    assert (engine.value.code, shape.value.code) == ("wrong_engine", "shape")


def test_a_failed_save_leaves_the_old_file(tmp_path, pack, monkeypatch):
    save(pack, tmp_path / "voz.pt")
    before = (tmp_path / "voz.pt").read_bytes()

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(VoicePack(values(seed=3), "praat"), tmp_path / "voz.pt")
    assert (tmp_path / "voz.pt").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
