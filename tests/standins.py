"""Test doubles: Kokoro and F5 with random weights, a local model hub."""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from distillation.engines.kokoro.files import CONFIG, PACKS, REPO, WEIGHTS
from distillation.engines.kokoro.weights import PARTS

_SIGNS = (
    ';:,.!?—…"()“” \u0303ʣʥʦʨᵝꭧAIOQSTWYᵊabcdefhijklmnopqrstuvwxyz'
    "ɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ"
)


def config(*, small: bool) -> dict[str, Any]:
    """Return Kokoro v1.0's architecture; `small`: fewer and smaller layers where allowed."""
    return {
        "istftnet": {
            "upsample_kernel_sizes": [20, 12],
            "upsample_rates": [10, 6],
            "gen_istft_hop_size": 5,
            "gen_istft_n_fft": 20,
            "resblock_dilation_sizes": [[1, 3, 5]] * (1 if small else 3),
            "resblock_kernel_sizes": [3] if small else [3, 7, 11],
            "upsample_initial_channel": 512,
        },
        "dim_in": 64,
        "dropout": 0.2,
        "hidden_dim": 512,
        "max_conv_dim": 512,
        "max_dur": 50,
        "multispeaker": True,
        "n_layer": 1 if small else 3,
        "n_mels": 80,
        "n_token": 178,
        "style_dim": 128,
        "text_encoder_kernel_size": 5,
        "plbert": {
            "hidden_size": 64 if small else 768,
            "num_attention_heads": 2 if small else 12,
            "intermediate_size": 64 if small else 2048,
            "max_position_embeddings": 512,
            "num_hidden_layers": 1 if small else 12,
            "dropout": 0.1,
        },
        "vocab": {sign: number for number, sign in enumerate(_SIGNS, start=1)},
    }


def kokoro_dir(folder: Path, *, small: bool = True) -> Path:
    """Write a model directory that `KModel` can load and that produces noise of the right length.

    About 235 MB, 327 MB in full size; three packs: two of 510 rows, one of 511.
    """
    import torch
    from kokoro.model import KModel

    (folder / PACKS).mkdir(parents=True)
    (folder / CONFIG).write_text(json.dumps(config(small=small)), encoding="utf-8")
    empty = folder / "empty.pth"
    torch.save({}, empty)
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # from torch, when building the package's model
        torch.manual_seed(0)
        model = KModel(repo_id=REPO, config=str(folder / CONFIG), model=str(empty))
    empty.unlink()
    durations = model.predictor.duration_proj.linear_layer
    with torch.no_grad():
        durations.weight *= 0.3
        durations.bias.fill_(-2.7)  # about three 25 ms frames per phoneme
    torch.save({name: getattr(model, name).state_dict() for name in PARTS}, folder / WEIGHTS)
    rng = np.random.default_rng(0)
    for name, rows in (("ef_dora", 510), ("em_alex", 510), ("af_old", 511)):
        pack = _pack(rng, rows)
        torch.save(torch.from_numpy(pack), folder / PACKS / f"{name}.pt")
    return folder


def _pack(rng: np.random.Generator, rows: int) -> np.ndarray[Any, Any]:
    """Return a mean plus one mode along the rows, with the published packs' spread."""
    scale = np.repeat([0.015, 0.055], 128)
    mean, mode = 0.14 * rng.standard_normal(256), scale * rng.standard_normal(256)
    length = np.linspace(-1.7, 1.7, rows)
    return (mean + np.outer(length, mode)).astype(np.float32)[:, None, :]


F5_ARCHITECTURE = {
    "dim": 64, "depth": 2, "heads": 1, "ff_mult": 2, "text_dim": 32, "conv_layers": 1,
}  # fmt: skip
F5_VOCABULARY = " abcdefghijklmnopqrstuvwxyzáéíóúüñABCDEFGHIJKLMNOPQRSTUVWXYZÁÉÍÓÚÑ.,;:!?¡¿'-…\"()"
_VOCOS = """\
feature_extractor:
  class_path: vocos.feature_extractors.MelSpectrogramFeatures
  init_args: {sample_rate: 24000, n_fft: 1024, hop_length: 256, n_mels: 100, padding: center}
backbone:
  class_path: vocos.models.VocosBackbone
  init_args: {input_channels: 100, dim: 32, intermediate_dim: 64, num_layers: 2}
head:
  class_path: vocos.heads.ISTFTHead
  init_args: {dim: 32, n_fft: 1024, hop_length: 256, padding: center}
"""


def f5_dir(model_dir: Path) -> Path:
    """Write tiny F5 files with random weights; needs the teacher's environment."""
    import torch
    from f5_tts.model import CFM, DiT
    from safetensors.torch import save_file
    from vocos import Vocos

    folder = model_dir / "f5"
    (folder / "vocos").mkdir(parents=True)
    (folder / "architecture.json").write_text(json.dumps(F5_ARCHITECTURE))
    (folder / "vocab.txt").write_text("".join(f"{sign}\n" for sign in F5_VOCABULARY), "utf-8")
    (folder / "vocos" / "config.yaml").write_text(_VOCOS)
    torch.manual_seed(0)
    dit = DiT(**F5_ARCHITECTURE, text_num_embeds=len(F5_VOCABULARY), mel_dim=100)
    with torch.no_grad():
        for (
            weight
        ) in dit.parameters():  # F5 initializes layers to zero and would ignore text and prompt
            weight += 0.05 * torch.randn_like(weight)
    model = CFM(transformer=dit, mel_spec_kwargs={"mel_spec_type": "vocos"})
    state = {f"ema_model.{name}": value for name, value in model.state_dict().items()}
    save_file(state, folder / "model_100.safetensors")
    vocoder = Vocos.from_hparams(str(folder / "vocos" / "config.yaml"))
    torch.save(vocoder.state_dict(), folder / "vocos" / "pytorch_model.bin")
    return model_dir


SHA = "0123456789abcdef0123456789abcdef01234567"


class StandinHub(ThreadingHTTPServer):
    """The parts of the hub that huggingface_hub uses: listing, metadata, CDN redirect, ranges.

    `repos` maps a repository to its files; files of at least 1 KB are in LFS. `cut` maps a file
    to the number of bytes after which its connection breaks; then it responds 503 until removed
    from `cut`. `wrong` contains files whose content does not match their hash. `asked` records
    each GET of a file with its Range.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _HubRequest)
        self.repos: dict[str, dict[str, bytes]] = {}
        self.cut: dict[str, int] = {}
        self.wrong: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def listing(self, repo: str) -> bytes:
        siblings = [_sibling(path, data) for path, data in self.repos[repo].items()]
        return json.dumps({"id": repo, "sha": SHA, "siblings": siblings}).encode()


def _sibling(path: str, data: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
    found: dict[str, Any] = {"rfilename": path, "size": len(data), "blobId": blob}
    if len(data) >= 1000:
        sha256 = hashlib.sha256(data).hexdigest()
        found["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
    return found


class _HubRequest(BaseHTTPRequestHandler):
    server: StandinHub

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, format: str, *args: Any) -> None:
        """Suppress request logging."""

    def _answer(self, *, body: bool) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self._listing("/".join(parts[2:4]))
        elif parts[0] == "cdn":
            self._file("/".join(parts[1:3]), "/".join(parts[3:]), body=body)
        elif "resolve" not in parts:
            self._head(404, {"Content-Length": "0"})
        else:
            self._resolve("/".join(parts[:2]), "/".join(parts[4:]), body=body)

    def _listing(self, repo: str) -> None:
        if repo not in self.server.repos:
            return self._head(404, {"X-Error-Code": "RepoNotFound", "Content-Length": "0"})
        data = self.server.listing(repo)
        self._head(200, {"Content-Length": str(len(data)), "Content-Type": "application/json"})
        self.wfile.write(data)
        return None

    def _resolve(self, repo: str, path: str, *, body: bool) -> None:
        data = self.server.repos[repo][path]
        known = _sibling(path, data)
        if "lfs" not in known:
            return self._file(repo, path, body=body)
        cdn = f"http://localhost:{self.server.server_port}/cdn/{repo}/{path}"
        return self._head(
            302,
            {
                "Location": cdn, "X-Repo-Commit": SHA, "X-Linked-Size": str(len(data)),
                "X-Linked-Etag": f'"{known["lfs"]["sha256"]}"', "Content-Length": "0",
            },
        )  # fmt: skip

    def _file(self, repo: str, path: str, *, body: bool) -> None:
        data = self.server.repos[repo][path]
        asked = self.headers.get("Range", "")
        if body:
            self.server.asked.append((path, asked))
        if body and self.server.cut.get(path) == 0:
            return self._head(503, {"Content-Length": "0"})
        if path in self.server.wrong:
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = int(asked.removeprefix("bytes=").rstrip("-") or 0)
        headers = {
            "Content-Length": str(len(data) - start), "ETag": '"x"', "X-Repo-Commit": SHA,
            "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}",
        }  # fmt: skip
        if not asked:
            headers.pop("Content-Range")
        self._head(206 if asked else 200, headers)
        if body:
            self._send(path, data[start:])
        return None

    def _send(self, path: str, data: bytes) -> None:
        cut = self.server.cut.get(path)
        if cut is None:
            self.wfile.write(data)
            return
        self.wfile.write(data[:cut])
        self.wfile.flush()
        self.server.cut[path] = 0
        self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def standin_hub() -> Iterator[StandinHub]:
    with StandinHub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
