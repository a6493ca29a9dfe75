"""Variants of a Kokoro student as on other machines, sharing weights that are loaded once."""

import copy
from functools import lru_cache

import torch

from distillation.engines.kokoro import generator, package_generator
from distillation.engines.kokoro.batching import Batches
from distillation.engines.kokoro.network import AT_ONCE, PROSODIES, TEXTS, Network, _remembered
from distillation.engines.kokoro.student import KokoroStudent


def fresh_copy(student: KokoroStudent) -> KokoroStudent:
    """Return a copy of the student with empty caches, as in a new process."""
    made = copy.copy(student)
    made._gradients = None
    made._network = network = copy.copy(student._network)
    network.text = lru_cache(maxsize=TEXTS)(network.text_of)
    network._prosody = _remembered(network._prosody_of, PROSODIES)
    return made


def repacked(student: KokoroStudent) -> KokoroStudent:
    """Return a copy of the student with its convolutions repacked for the current machine."""
    made = fresh_copy(student)
    made._network.generate = generator.Generator(_generator(made._network), torch.float32)
    return made


def in_bf16(student: KokoroStudent) -> KokoroStudent:
    """Return a copy of the student as with the option `precision` bf16, on any processor."""
    made = fresh_copy(student)
    network = made._network
    network.half = True
    network.generate = generator.Generator(_generator(network), torch.bfloat16)
    return made


def as_batch_student(student: KokoroStudent, *, half: bool = False) -> KokoroStudent:
    """Return a copy of the student as on a GPU: the package's modules, batches of voices."""
    made = fresh_copy(student)
    made._network.prefers_batch = True
    made._network.generate = package_generator.Generator(_generator(made._network), half=half)
    made._network.batches = Batches(made._network.decode_together, AT_ONCE)
    return made


def _generator(network: Network) -> object:
    return network.model.decoder.generator
