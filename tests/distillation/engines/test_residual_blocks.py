"""Residual blocks with their own gradient, against the package's module and autograd."""

import pytest
import torch
from kokoro.istftnet import AdaINResBlock1
from torch.nn.utils import remove_weight_norm

from distillation.engines.kokoro.residual_blocks import ResidualBlock

CHANNELS, FRAMES = 8, 300


@pytest.fixture
def block() -> AdaINResBlock1:
    """A block with random weights, weight norm folded, as the student has it."""
    torch.manual_seed(0)
    made = AdaINResBlock1(CHANNELS, kernel_size=7, style_dim=128)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    for alpha in (*made.alpha1, *made.alpha2):
        torch.nn.init.uniform_(alpha, 0.3, 2.0)
    for conv in (*made.convs1, *made.convs2):
        remove_weight_norm(conv)
    return made.requires_grad_(False)


def gradients(call: object, block: AdaINResBlock1, batch: int) -> tuple[torch.Tensor, ...]:
    """Return output and gradients by input and style of a loss that weighs every sample."""
    assert callable(call)
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(batch, CHANNELS, FRAMES, generator=draw).requires_grad_()
    style = torch.randn(batch, 128, generator=draw).requires_grad_()
    y = call(block, x, style)
    weights = torch.randn(y.shape, generator=draw)
    return (y.detach(), *torch.autograd.grad((weights * y.float()).sum(), (x, style)))


def plain(block: AdaINResBlock1, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    y: torch.Tensor = block(x, style)
    return y


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("batch", [1, 2])
def test_output_and_gradients_are_those_of_the_package(block: AdaINResBlock1, batch: int) -> None:
    found = gradients(ResidualBlock(half=False), block, batch)
    for one, expected in zip(found, gradients(plain, block, batch), strict=True):
        assert one.numpy() == pytest.approx(expected.numpy(), rel=1e-3, abs=1e-3 * expected.std())


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_bfloat16_stays_near(block: AdaINResBlock1) -> None:
    found = gradients(ResidualBlock(half=True), block, 1)
    for one, expected in zip(found, gradients(plain, block, 1), strict=True):
        assert one.dtype == torch.float32
        assert float(torch.cosine_similarity(one.flatten(), expected.flatten(), dim=0)) > 0.99
