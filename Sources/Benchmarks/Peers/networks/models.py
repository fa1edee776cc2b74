"""The networks of the comparison, in PyTorch. `MODELS[name]` is (constructor, input shapes, output names)."""
import torch
from torch import nn
from torch.nn import functional as F


class Edges(nn.Module):
    """Convolutions at their corners: strides, uneven sizes, groups, dilation, every activation."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(2, 8, 3, stride=2, padding=1)
        self.b = nn.Conv2d(8, 12, (1, 3), padding=(0, 2), dilation=(1, 2), groups=4)
        self.c = nn.Conv2d(12, 12, 5, padding=2, groups=12, bias=False)
        self.d = nn.Conv2d(12, 6, 2, stride=(2, 1))
        self.e = nn.Linear(6, 5)

    def forward(self, x):
        x = F.elu(self.a(x))
        x = F.leaky_relu(self.b(x), 0.2)
        x = F.max_pool2d(torch.tanh(self.c(x)), 3, stride=2, padding=1)
        x = F.avg_pool2d(F.gelu(self.d(x)), 2, stride=1, padding=1)
        return torch.softmax(self.e(x.mean((2, 3))), 1)


class Residual(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.c1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.b1 = nn.BatchNorm2d(cout)
        self.c2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.b2 = nn.BatchNorm2d(cout)
        self.skip = None
        if stride != 1 or cin != cout:
            self.skip = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        return F.relu(y + (x if self.skip is None else self.skip(x)))


class ResNet(nn.Module):
    def __init__(self, cin=3, widths=(64, 128, 256, 512), blocks=2, classes=1000, stem=True):
        super().__init__()
        self.stem = (
            nn.Sequential(nn.Conv2d(cin, widths[0], 7, 2, 3, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(),
                          nn.MaxPool2d(3, 2, 1))
            if stem else nn.Sequential(nn.Conv2d(cin, widths[0], 3, 1, 1), nn.ReLU()))
        layers, last = [], widths[0]
        for i, w in enumerate(widths):
            for j in range(blocks):
                layers.append(Residual(last, w, 2 if i and j == 0 else 1))
                last = w
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(last, classes)

    def forward(self, x):
        return self.head(F.adaptive_avg_pool2d(self.body(self.stem(x)), 1).flatten(1))


class Inverted(nn.Module):
    def __init__(self, cin, cout, stride, expand, act):
        super().__init__()
        mid = cin * expand
        self.body = nn.Sequential(
            nn.Conv2d(cin, mid, 1, bias=False), nn.BatchNorm2d(mid), act(),
            nn.Conv2d(mid, mid, 3, stride, 1, groups=mid, bias=False), nn.BatchNorm2d(mid), act(),
            nn.Conv2d(mid, cout, 1, bias=False), nn.BatchNorm2d(cout))
        self.same = stride == 1 and cin == cout

    def forward(self, x):
        return x + self.body(x) if self.same else self.body(x)


class MobileNet(nn.Module):
    def __init__(self, cin=3, plan=((16, 1, 1, 1), (24, 2, 6, 2), (32, 3, 6, 2), (64, 4, 6, 2), (96, 3, 6, 1),
                                    (160, 3, 6, 2), (320, 1, 6, 1)), first=32, last=1280, classes=1000, act=nn.ReLU6):
        super().__init__()
        layers = [nn.Conv2d(cin, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), act()]
        for c, n, t, s in plan:
            for i in range(n):
                layers.append(Inverted(first, c, s if i == 0 else 1, t, act))
                first = c
        layers += [nn.Conv2d(first, last, 1, bias=False), nn.BatchNorm2d(last), act()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, classes))

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


def separable(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cin, 3, 1, 1, groups=cin, bias=False), nn.Conv2d(cin, cout, 1, bias=False),
                         nn.BatchNorm2d(cout))


class XceptionBlock(nn.Module):
    def __init__(self, cin, cout, reps, stride, start_relu=True, grow_first=True):
        super().__init__()
        layers, last = [], cin
        for i in range(reps):
            out = cout if (i > 0 or grow_first) and (grow_first or i == reps - 1) else cin
            if i > 0 or start_relu:
                layers.append(nn.ReLU())
            layers.append(separable(last, out))
            last = out
        if stride > 1:
            layers.append(nn.MaxPool2d(3, stride, 1))
        self.body = nn.Sequential(*layers)
        self.skip = None
        if stride > 1 or cin != cout:
            self.skip = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        return self.body(x) + (x if self.skip is None else self.skip(x))


class Xception(nn.Module):
    """Chollet 2017; `scale` shrinks the channels, `middle` the number of middle blocks."""

    def __init__(self, cin=3, classes=1000, scale=1.0, middle=8):
        super().__init__()
        c = lambda n: max(4, int(n * scale))
        self.stem = nn.Sequential(
            nn.Conv2d(cin, c(32), 3, 2, bias=False), nn.BatchNorm2d(c(32)), nn.ReLU(),
            nn.Conv2d(c(32), c(64), 3, bias=False), nn.BatchNorm2d(c(64)), nn.ReLU())
        blocks = [XceptionBlock(c(64), c(128), 2, 2, start_relu=False), XceptionBlock(c(128), c(256), 2, 2),
                  XceptionBlock(c(256), c(728), 2, 2)]
        blocks += [XceptionBlock(c(728), c(728), 3, 1) for _ in range(middle)]
        blocks += [XceptionBlock(c(728), c(1024), 2, 2, grow_first=False)]
        self.blocks = nn.Sequential(*blocks)
        self.tail = nn.Sequential(separable(c(1024), c(1536)), nn.ReLU(), separable(c(1536), c(2048)), nn.ReLU())
        self.head = nn.Linear(c(2048), classes)

    def forward(self, x):
        x = self.tail(self.blocks(self.stem(x)))
        return torch.softmax(self.head(F.adaptive_avg_pool2d(x, 1).flatten(1)), 1)


class AutoEncoder(nn.Module):
    def __init__(self, size=64, channels=(8, 16, 32), latent=8):
        super().__init__()
        enc, last = [], 1
        for c in channels:
            enc += [nn.Conv2d(last, c, 3, padding=1), nn.ELU(), nn.MaxPool2d(2)]
            last = c
        self.shape = (last, size >> len(channels), size >> len(channels))
        flat = last * self.shape[1] ** 2
        self.encoder = nn.Sequential(*enc, nn.Flatten(), nn.Linear(flat, 64), nn.ELU(), nn.Linear(64, latent))
        self.expand = nn.Sequential(nn.Linear(latent, 64), nn.ELU(), nn.Linear(64, flat), nn.ELU())
        dec = []
        for c in reversed((channels[0],) + tuple(channels[:-1])):
            dec += [nn.Conv2d(last, c, 3, padding=1), nn.ELU(), nn.Upsample(scale_factor=2)]
            last = c
        self.decoder = nn.Sequential(*dec, nn.Conv2d(last, 1, 3, padding=1))

    def forward(self, x):
        z = self.encoder(x)
        return torch.sigmoid(self.decoder(self.expand(z).reshape(-1, *self.shape)))


class PatternNet(nn.Module):
    """A residual trunk with heads; a scalar enters the dense layers."""

    def __init__(self, widths=(16, 32, 96, 160), size=64, hidden=256, heads=(120, 40, 21)):
        super().__init__()
        last = widths[0]
        layers = [nn.PixelUnshuffle(2), nn.Conv2d(8, last, 3, 1, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU()]
        for i, w in enumerate(widths):
            layers += [Residual(last, w, 2 if i else 1), Residual(w, w)]
            last = w
        self.trunk = nn.Sequential(*layers)
        side = size // 2 >> (len(widths) - 1)
        self.joint = nn.Linear(last * side * side + last + 1, hidden)
        self.heads = nn.ModuleList(nn.Linear(hidden, n) for n in heads)

    def forward(self, image, angle):
        x = self.trunk(image)
        x = torch.cat([x.flatten(1), x.mean((2, 3)), angle], 1)
        x = F.relu(self.joint(x))
        return tuple(head(x) for head in self.heads)


SMALL = {
    "edges": (Edges, [(2, 17, 15)], ["output"]),
    "residual": (lambda: ResNet(2, (8, 12), 1, 6, stem=False), [(2, 12, 12)], ["output"]),
    "mobile": (lambda: MobileNet(1, ((8, 1, 1, 1), (12, 2, 3, 2)), 8, 24, 5, nn.Hardswish), [(1, 20, 20)], ["output"]),
    "autoencoder": (lambda: AutoEncoder(16, (4, 6), 3), [(1, 16, 16)], ["output"]),
    "xception_small": (lambda: Xception(1, 7, 0.03, 1), [(1, 48, 48)], ["output"]),
    "heads": (lambda: PatternNet((4, 8), 16, 12, (6, 3, 2)), [(2, 16, 16), (1,)], ["scale", "thickness", "mistilt"]),
}
LARGE = {
    "pattern_net": (PatternNet, [(2, 64, 64), (1,)], ["scale", "thickness", "mistilt"]),
    "autoencoder_64": (AutoEncoder, [(1, 64, 64)], ["output"]),
    "autoencoder_128": (lambda: AutoEncoder(128, (8, 16, 32)), [(1, 128, 128)], ["output"]),
    "resnet18": (ResNet, [(3, 224, 224)], ["output"]),
    "mobilenet_v2": (MobileNet, [(3, 224, 224)], ["output"]),
    "xception": (lambda: Xception(3, 400), [(3, 200, 200)], ["output"]),
}
MODELS = {**SMALL, **LARGE}


def make(name, seed=0):
    """With statistics and scales that differ from their start, so that a wrong use shows."""
    torch.manual_seed(seed)
    model = MODELS[name][0]()
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.7, 1.4)
            nn.init.uniform_(m.weight, 0.7, 1.3)
            nn.init.normal_(m.bias, 0, 0.1)
    return model
