"""Small networks of the kinds that people export."""
import torch
from torch import nn
from torch.nn import functional as F


class Relu(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 2))


class Norm(nn.Sequential):
    """Batch normalisation before and after layers, and dropout."""

    def __init__(self):
        super().__init__(nn.BatchNorm1d(4), nn.Linear(4, 8, bias=False), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Dropout(0.3),
                         nn.Linear(8, 8), nn.LeakyReLU(), nn.BatchNorm1d(8, affine=False), nn.Linear(8, 1))


class Gelu(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 6), nn.LayerNorm(6, elementwise_affine=False),
                         nn.GELU(approximate="tanh"), nn.Linear(6, 2))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.inner, self.outer, self.last = nn.Linear(4, 6), nn.Linear(6, 10), nn.Linear(10, 6), nn.Linear(6, 1)

    def forward(self, x):
        x = F.silu(self.first(x))
        x = x + self.outer(F.silu(self.inner(x)))
        return self.last(x)


class Bends(nn.Module):
    """A layer before each of the activations given, and their outputs joined."""

    def __init__(self, *activations):
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(3, 2), a) for a in activations)

    def forward(self, x):
        return torch.cat([layer(x) for layer in self.layers], dim=1)


class Classifier(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 4))

    def forward(self, x):
        x = super().forward(x)
        return torch.softmax(x, dim=1), torch.argmax(x, dim=1)


class LogSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 8), nn.Sigmoid(), nn.Linear(8, 3), nn.LogSoftmax(dim=-1))


class Views(nn.Module):
    """Reshapes that leave a row a row."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x):
        x = self.one(x.view(x.size(0), -1)).relu()
        x = self.two(torch.flatten(x, 1)).relu()
        return self.three(x.reshape(-1, 6))


class Scalar(nn.Sequential):
    """One number for a row, without a second dimension."""

    def __init__(self):
        super().__init__(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))

    def forward(self, x):
        return torch.sigmoid(super().forward(x)).squeeze(-1)


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.mean, self.spread = nn.Linear(4, 6), nn.Linear(6, 2), nn.Linear(6, 3)

    def forward(self, x):
        x = torch.tanh(self.trunk(x))
        return self.mean(x), self.spread(x).exp()


class Standard(nn.Module):
    """Standardises with numbers that the module keeps, and scales the answer back."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.randn(4))
        self.register_buffer("std", torch.rand(4) + 0.5)
        self.body = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))

    def forward(self, x):
        return self.body((x - self.mean) / self.std) * 2.5 + 10


class Squares(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(9, 2)

    def forward(self, x):
        return self.layer(torch.cat([x, x ** 2, x.abs().sqrt()], dim=1))


class Clamp(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 6), nn.ReLU6(), nn.Linear(6, 4))

    def forward(self, x):
        x = super().forward(x.clamp(-3, 3))
        return torch.cat([x.clamp(min=0), x.clamp(max=0.25)], dim=1)


class WideDeep(nn.Module):
    """Some columns go through a network, and others straight to the answer."""

    def __init__(self):
        super().__init__()
        self.deep, self.wide = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1)), nn.Linear(2, 1, bias=False)

    def forward(self, x):
        return torch.sigmoid(self.deep(x[:, :4]) + self.wide(x[:, 4:]))


class Impute(nn.Sequential):
    """Puts numbers in the place of NaN, and says where."""

    def __init__(self):
        super().__init__(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 1))
        self.register_buffer("means", torch.randn(3))

    def forward(self, x):
        missing = torch.isnan(x)
        return super().forward(torch.cat([torch.where(missing, self.means, x), missing.to(x.dtype)], dim=1))


class Cross(nn.Module):
    """A cross layer, and rows of length 1."""

    def __init__(self):
        super().__init__()
        self.cross, self.last = nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        y = F.normalize(x, dim=1)
        y = y * self.cross(y) + y
        return self.last(y - y.mean(dim=1, keepdim=True))


class Length(nn.Module):
    """Rows of length 1 as exporters before 2.7 wrote F.normalize, and distances."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(6, 1)
        self.register_buffer("centre", torch.randn(1, 3))

    def forward(self, x):
        length = x.abs().pow(2).sum(1, keepdim=True).pow(0.5)
        y = x / length.clamp(min=1e-12).expand_as(x)
        near = torch.exp(-(y - self.centre) ** 2)
        return self.last(torch.cat([y, near], 1)) / (torch.log1p(length) + 1) - near.amax(1).unsqueeze(1)


class Constants(nn.Module):
    """Weights that the module computes when it is called."""

    def __init__(self):
        super().__init__()
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(4, 5))
        self.table, self.gain = nn.Parameter(torch.randn(3, 5)), nn.Parameter(torch.randn(3))

    def forward(self, x):
        x = torch.relu(self.normed(x))
        return (x @ self.table.t()) * self.gain.exp() + torch.zeros(3) - self.table.sum(1)


class Gate(nn.Module):
    """A gated layer, cut in two, and weights of a parameter's own."""

    def __init__(self):
        super().__init__()
        self.both, self.last = nn.Linear(4, 12), nn.Parameter(torch.randn(6, 2))

    def forward(self, x):
        left, right = self.both(x).chunk(2, dim=-1)
        return (left * torch.sigmoid(right)) @ self.last


NETWORKS = {
    "relu": (5, Relu),
    "norm": (4, Norm),
    "gelu": (4, Gelu),
    "residual": (4, Residual),
    "bends": (3, lambda: Bends(nn.Hardswish(), nn.Softplus(), nn.ELU(0.7), nn.Mish())),
    "bends_more": (3, lambda: Bends(nn.SELU(), nn.PReLU(2), nn.Softsign(), nn.Hardsigmoid())),
    "bends_rest": (3, lambda: Bends(nn.Hardtanh(-0.5, 2), nn.CELU(0.5), nn.Softplus(2))),
    "log_sigmoid": (3, lambda: Bends(nn.LogSigmoid())),
    "classifier": (5, Classifier),
    "log_softmax": (5, LogSoftmax),
    "views": (4, Views),
    "scalar": (4, Scalar),
    "heads": (4, Heads),
    "standard": (4, Standard),
    "squares": (3, Squares),
    "clamp": (4, Clamp),
    "wide_deep": (6, WideDeep),
    "impute": (3, Impute),
    "cross": (4, Cross),
    "length": (3, Length),
    "constants": (4, Constants),
    "gate": (4, Gate),
}
