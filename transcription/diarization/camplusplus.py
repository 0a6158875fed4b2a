"""CAM++, a network that turns a voice into a vector: https://arxiv.org/abs/2303.00332 (3D-Speaker, Apache-2.0).

The names of its parts are those of the published weights. Input: (batch, frames, 80) log mel energies, mean removed;
output: (batch, 192). The same voice gives vectors with a small cosine distance.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

MELS = 80
DIMENSION = 192
CHANNELS, GROWTH, BOTTLENECK = 128, 32, 128
BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers, dilation
CONTEXT_FRAMES = 100  # the layers weigh themselves by the average of so many


class CamPlusPlus(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = _Head()
        self.xvector = nn.Sequential()
        self.xvector.add_module("tdnn", _Tdnn(32 * MELS // 8, CHANNELS))
        channels = CHANNELS
        for number, (layers, dilation) in enumerate(BLOCKS, 1):
            self.xvector.add_module(f"block{number}", _DenseBlock(layers, channels, dilation))
            channels += layers * GROWTH
            self.xvector.add_module(f"transit{number}", _Transit(channels, channels // 2))
            channels //= 2
        self.xvector.add_module("out_nonlinear", _norm_relu(channels))
        self.xvector.add_module("stats", _Statistics())
        self.xvector.add_module("dense", _Dense(channels * 2, DIMENSION))

    def forward(self, mels: Tensor) -> Tensor:
        return self.xvector(self.head(mels.transpose(1, 2)))


def _norm_relu(channels: int) -> nn.Sequential:
    layers = nn.Sequential()
    layers.add_module("batchnorm", nn.BatchNorm1d(channels))
    layers.add_module("relu", nn.ReLU(inplace=True))
    return layers


class _Residual(nn.Module):
    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, (stride, 1), 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1:
            shrink = nn.Conv2d(channels, channels, 1, (stride, 1), bias=False)
            self.shortcut = nn.Sequential(shrink, nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(inner + self.shortcut(x))


class _Head(nn.Module):
    """Two-dimensional convolutions that halve the mel bands three times."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(_Residual(channels, 2), _Residual(channels, 1))
        self.layer2 = nn.Sequential(_Residual(channels, 2), _Residual(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, (2, 1), 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, mels: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(mels.unsqueeze(1))))
        x = functional.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


class _Tdnn(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 5, stride=2, padding=2, bias=False)
        self.nonlinear = _norm_relu(out)

    def forward(self, x: Tensor) -> Tensor:
        return self.nonlinear(self.linear(x))


class _ContextMask(nn.Module):
    """A convolution whose channels are weighed by the averages around and of the whole."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(BOTTLENECK, GROWTH, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(BOTTLENECK, BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(BOTTLENECK // 2, GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        around = functional.avg_pool1d(x, CONTEXT_FRAMES, CONTEXT_FRAMES, ceil_mode=True)
        around = around.repeat_interleave(CONTEXT_FRAMES, dim=-1)[..., : x.shape[-1]]
        weight = self.linear2(functional.relu(self.linear1(x.mean(-1, keepdim=True) + around)))
        return self.linear_local(x) * torch.sigmoid(weight)


class _DenseLayer(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _norm_relu(channels)
        self.linear1 = nn.Conv1d(channels, BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _norm_relu(BOTTLENECK)
        self.cam_layer = _ContextMask(dilation)

    def forward(self, x: Tensor) -> Tensor:
        return self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x.clone()))))


class _DenseBlock(nn.Module):
    """Each layer sees what all before it found."""

    def __init__(self, layers: int, channels: int, dilation: int) -> None:
        super().__init__()
        for number in range(layers):
            self.add_module(f"tdnnd{number + 1}", _DenseLayer(channels + number * GROWTH, dilation))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class _Transit(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.nonlinear = _norm_relu(channels)
        self.linear = nn.Conv1d(channels, out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.nonlinear(x))


class _Statistics(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(-1), x.std(-1)], dim=-1)


class _Dense(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 1, bias=False)
        self.nonlinear = nn.Sequential()
        self.nonlinear.add_module("batchnorm", nn.BatchNorm1d(out, affine=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.nonlinear(self.linear(x.unsqueeze(-1)).squeeze(-1))
