"""Converts Kokoro's int8 ONNX export back to the float32 checkpoint that `KModel` loads."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto
    from torch import Tensor

Array = NDArray[np.float32]
Checkpoint = dict[str, dict[str, "Tensor"]]

HIDDEN = 256  # of every LSTM, per direction
GATES = (0, 2, 3, 1)  # ONNX orders gates i, o, f, c; torch i, f, g (ONNX's c), o
_OPERATOR = re.compile(r"/(Conv|ConvTranspose|MatMul|Gemm_MatMul|Gemm|LSTM)(_quant)?(_\d+)?$")
_PLACES = ("", "predictor.", "decoder.")  # module name prefixes omitted by the exporter
_SHARED_LAYER = re.compile(r"albert_layers.*_\d+/MatMul_quant$")  # one ALBERT layer, used 12 times
_NOT_STORED = (".norm.weight", ".norm.bias", "position_ids", "token_type_ids")


class ExportError(ValueError):
    """The export does not have this architecture; the message names the tensor."""


def network_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of Kokoro's network by name, without allocating any.

    Parameters
    ----------
    config : mapping
        Kokoro's config.json.
    """
    import torch
    from kokoro.model import KModel

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about how the package builds its modules
        model = KModel(repo_id="hexgrad/Kokoro-82M", config=dict(config), model=nothing)
    return {name: tuple(one.shape) for name, one in model.state_dict().items()}


def checkpoint_of(export: bytes, shapes: Mapping[str, tuple[int, ...]]) -> Checkpoint:
    """Dequantise the export into a checkpoint.

    Each int8 tensor becomes (q - zero point) · scale. Convolutions with weight norm get
    v = w, g = |w|; a row that was quantised to zero gets v = 1, g = 0, to avoid 0/0. Parts of
    the network that are not in the export are the affine parameters of the style's instance
    norms (set to the identity), BERT's unused pooler (zeros) and buffers.

    Parameters
    ----------
    export : bytes
        The ONNX file.
    shapes : mapping of str to tuple of int
        Of every tensor of Kokoro's network, by `part.name`.

    Returns
    -------
    dict of str to dict of str to Tensor
        The state of each part (bert, predictor, …), float32.

    Raises
    ------
    ExportError
        A tensor is missing, unknown, or has the wrong shape.
    """
    import onnx

    found: dict[str, Array] = {}
    for name, array in Export(onnx.load_from_string(export), shapes).tensors():
        if shapes.get(name) != array.shape:
            raise ExportError(f"{name}: expected {shapes.get(name)}, the export has {array.shape}")
        found[name] = array
    return _by_part(found, shapes)


def _by_part(found: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> Checkpoint:
    import torch

    checkpoint: Checkpoint = {}
    for name, shape in shapes.items():
        if name not in found and not (name.endswith(_NOT_STORED) or ".pooler." in name):
            raise ExportError(f"{name}: not in the export")
        part, _, rest = name.partition(".")
        default = np.full(shape, 1.0 if name.endswith(".norm.weight") else 0.0, np.float32)
        array = np.ascontiguousarray(found.get(name, default), np.float32)
        checkpoint.setdefault(part, {})[rest] = torch.from_numpy(array.copy())
    return checkpoint


class Export:
    """An ONNX graph, read as the tensors of the network it was exported from.

    Parameters
    ----------
    model : onnx.ModelProto
    shapes : mapping of str to tuple of int
        As for `checkpoint_of`.
    """

    def __init__(self, model: ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._graph = model.graph
        self._shapes = shapes
        self._modules = {name.rpartition(".")[0] for name in shapes}
        self._readers: dict[str, list[NodeProto]] = {}
        self._writer: dict[str, NodeProto] = {}
        for node in self._graph.node:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)
            self._writer.update(dict.fromkeys(node.output, node))

    def tensors(self) -> Iterator[tuple[str, Array]]:
        """Yield (name, values) of every tensor of the network in the export."""
        yield from self._named()
        for node in self._graph.node:
            yield from self._of_node(node)

    @cached_property
    def _values(self) -> dict[str, NDArray[Any]]:
        from onnx import numpy_helper

        values = {one.name: numpy_helper.to_array(one) for one in self._graph.initializer}
        for node in self._graph.node:
            if node.op_type == "Constant":
                for constant in (one.t for one in node.attribute if one.name == "value"):
                    values[node.output[0]] = numpy_helper.to_array(constant)
        return values

    def _named(self) -> Iterator[tuple[str, Array]]:
        """Yield tensors that kept their names: biases, affine norms, quantised embeddings."""
        for name, value in self._values.items():
            _, _, plain = name.partition(".")
            if name.startswith(("encoder.", "decoder.")) and (
                self._shapes.get(plain) == value.shape and value.dtype == np.float32
            ):
                yield plain, value
            elif re.search(r"embeddings?\.weight_quantized$", name):
                yield self._embedding(name, value)

    def _embedding(self, name: str, value: NDArray[Any]) -> tuple[str, Array]:
        base = name.removesuffix("_quantized")
        word_zero = "encoder.bert.embeddings.word_embeddings.weight_zero_point"  # shared by all
        zero = self._values.get(f"{base}_zero_point", self._values.get(word_zero))
        offset = np.float32(0 if zero is None else float(zero))
        scale = np.float32(self._values[f"{base}_scale"])
        return base.partition(".")[2], (value.astype(np.float32) - offset) * scale

    def _of_node(self, node: NodeProto) -> Iterator[tuple[str, Array]]:
        kind = node.op_type
        if kind in ("ConvInteger", "MatMulInteger") and node.input[1] in self._values:
            if not _SHARED_LAYER.search(node.name):
                yield from self._weight(node, self._dequantised(node))
        elif kind == "ConvTranspose" and "istft" not in node.name:
            yield from self._weight(node, self._values[node.input[1]])
        elif kind in ("MatMul", "Conv") and (own := self._own(node)) is not None:
            yield from self._weight(node, own.T if kind == "MatMul" else own)
        elif kind == "DynamicQuantizeLSTM":
            yield from self._lstm(node)

    def _own(self, node: NodeProto) -> NDArray[Any] | None:
        return next((self._values[one] for one in node.input if one in self._values), None)

    def _weight(self, node: NodeProto, array: NDArray[Any]) -> Iterator[tuple[str, Array]]:
        """Yield a module's weight, or its direction and norm if it has weight norm."""
        module = self._module_of(node.name)
        array = np.asarray(array, np.float32)
        if f"{module}.weight" in self._shapes:
            yield f"{module}.weight", array
            return
        length = np.sqrt((array**2).sum(axis=tuple(range(1, array.ndim)), keepdims=True))
        yield f"{module}.weight_v", np.where(length == 0, np.float32(1), array)
        yield f"{module}.weight_g", length

    def _dequantised(self, node: NodeProto) -> Array:
        """Return float32 weights: (out, in, taps) of a convolution, (out, in) of a product."""
        zero = self._zero_point(node)
        values = (self._values[node.input[1]].astype(np.float32) - zero) * self._scale(node)
        return values if node.op_type == "ConvInteger" else values.T

    def _zero_point(self, node: NodeProto) -> Array:
        named = len(node.input) > 3 and node.input[3]
        return np.asarray(self._values[node.input[3]] if named else 0, np.float32)

    def _scale(self, node: NodeProto) -> Array:
        """Return the scale: a factor of the product that follows the integer operator."""
        behind: list[NodeProto] = []
        for reader in self._readers[node.output[0]]:  # a convolution adds its bias in between
            add = reader.op_type == "Add"
            behind += self._readers[reader.output[0]] if add else [reader]
        for cast in behind:
            for product in self._readers[cast.output[0]]:
                if product.op_type == "Mul" and (scale := self._factor(product, cast)) is not None:
                    return np.asarray(scale, np.float32)
        raise ExportError(f"{node.name}: no scale behind it")

    def _factor(self, product: NodeProto, cast: NodeProto) -> NDArray[Any] | None:
        other = next(one for one in product.input if one != cast.output[0])
        inputs = self._writer[other].input if other in self._writer else ()
        known = [self._values[one] for one in inputs if one in self._values]
        return known[-1] if known else None

    def _lstm(self, node: NodeProto) -> Iterator[tuple[str, Array]]:
        module = self._module_of(node.name)
        w, r = (self._lstm_part(node, at, scale) for at, scale in ((1, 8), (2, 10)))
        bias = self._values[node.input[3]].astype(np.float32)
        order = np.concatenate([np.arange(HIDDEN) + HIDDEN * gate for gate in GATES])
        for direction, suffix in enumerate(("", "_reverse")):
            yield f"{module}.weight_ih_l0{suffix}", w[direction].T[order]
            yield f"{module}.weight_hh_l0{suffix}", r[direction].T[order]
            yield f"{module}.bias_ih_l0{suffix}", bias[direction][: 4 * HIDDEN][order]
            yield f"{module}.bias_hh_l0{suffix}", bias[direction][4 * HIDDEN :][order]

    def _lstm_part(self, node: NodeProto, at: int, scale_at: int) -> Array:
        values = self._values[node.input[at]].astype(np.float32)
        scale, zero = (
            self._values[node.input[n]].astype(np.float32).reshape(-1, 1, 1)
            for n in (scale_at, scale_at + 1)
        )
        return np.asarray((values - zero) * scale, np.float32)

    def _module_of(self, name: str) -> str:
        """Return the module of a node: /encoder/F0.0/conv1/Conv_quant is predictor.F0.0.conv1."""
        clean: list[str] = []
        for part in _OPERATOR.sub("", name).strip("/").split("/")[1:]:
            if clean and (part.startswith(f"{clean[-1]}.") or part.split(".")[0] == clean[-1]):
                clean[-1] = part
            else:
                clean.append(part)
        plain = ".".join(clean)
        for place in _PLACES:
            if f"{place}{plain}" in self._modules:
                return f"{place}{plain}"
        raise ExportError(f"{name}: no module of Kokoro's has that name")
