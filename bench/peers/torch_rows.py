#!/usr/bin/env python3
"""Times the works of the table of rivals in PyTorch and SciPy.

Reads a report of `hyperkernels bench --suite rivals --json` and does the same works at the same sizes: that report is the only
list. Writes one JSON document: versions and settings, and per work and variant the medians in milliseconds, forward alone (without
gradients) and forward + backward. A variant that this machine's libraries cannot do is listed with its reason.

usage: torch_rows.py --threads N [--large] REPORT.json     (OMP_NUM_THREADS=N must be set too: it is what OpenBLAS reads)
"""
import argparse
import ctypes
import json
import math
import os
import sys
import time
import warnings

import numpy as np
import scipy
import scipy.sparse
import torch
from torch import nn
from torch.nn import functional as F

# The same rules as Timing.cs on the other side, so that the two medians mean the same. Only the warm-up is shorter, because nothing is
# compiled here, runs of seconds are stopped sooner, and runs of half a minute are not repeated.
FEWEST_RUNS, MOST_RUNS = 7, 2000
SAMPLE_SECONDS, WARM_UP_SECONDS, SHORTEST_SAMPLE_MS = 0.3, 0.15, 0.05
SLOW_SECONDS, SLOW_RUNS = 2.0, 3
SLOWEST_SECONDS, SLOWEST_RUNS = 30.0, 1

# Memberships above which only the sparse products without a gradient are timed, unless --large asks for all: the others take minutes.
MANY_MEMBERSHIPS = 1_000_000
TAKES_MINUTES = "takes minutes and gigabytes at this size; --large runs it"

# Rivals of each other must agree before they are timed: relative to the largest magnitude.
AGREEMENT = 1e-3


def measure(run):
    warm_ups, start = 0, time.perf_counter()
    while (warm_ups < 2 and time.perf_counter() - start < SLOW_SECONDS) or time.perf_counter() - start < WARM_UP_SECONDS:
        run()
        warm_ups += 1
    one_ms = (time.perf_counter() - start) * 1e3 / warm_ups
    group = max(1, math.ceil(SHORTEST_SAMPLE_MS / max(one_ms, 1e-6)))
    samples, start = [], time.perf_counter()
    while True:
        spent = time.perf_counter() - start
        fewest = FEWEST_RUNS if spent < SLOW_SECONDS else SLOW_RUNS if spent < SLOWEST_SECONDS else SLOWEST_RUNS
        if len(samples) >= fewest and (len(samples) >= MOST_RUNS or spent >= SAMPLE_SECONDS):
            break
        sample = time.perf_counter()
        for _ in range(group):
            run()
        samples.append((time.perf_counter() - sample) * 1e3 / group)
    low, median, high = np.quantile(samples, [0.25, 0.5, 0.75])
    return {"ms": float(median), "spread": float((high - low) / median), "runs": len(samples)}


def normal(*shape, scale=1.0):
    return torch.randn(*shape) * scale


class Variant:
    """One way to do a work: forward gives the answer, train one pass forward and backward, again(name, wrap) the same with another forward."""

    def __init__(self, name, forward, train=None, compare=True, again=None):
        self.name, self.forward, self.train, self.compare, self.again = name, forward, train, compare, again


def with_gradient(name, run, leaves):
    """The gradient of a weighted sum of run(), with respect to leaves."""
    with torch.no_grad():
        seed = torch.randn_like(run())

    def train():
        for leaf in leaves:
            leaf.grad = None
        run().backward(seed)

    for leaf in leaves:
        leaf.requires_grad_(True)
    return Variant(name, run, train, again=lambda other, wrap: with_gradient(other, wrap(run), leaves))


def matmul(s):
    b, m, k, n = (s[letter] for letter in "BMKN")
    if b == 1:
        x, y, out = normal(m, k), normal(k, n), torch.empty(m, n)
        yield with_gradient("torch.mm", lambda: torch.mm(x, y), [x, y])
        x_, y_ = x.detach(), y.detach()
        yield Variant("torch.mm out=", lambda: torch.mm(x_, y_, out=out))
        a, c, result = x_.numpy(), y_.numpy(), np.empty((m, n), np.float32)
        yield Variant("numpy out=", lambda: np.matmul(a, c, out=result))
    else:
        x, y, out = normal(b, m, k), normal(b, k, n), torch.empty(b, m, n)
        yield with_gradient("torch.bmm", lambda: torch.bmm(x, y), [x, y])
        x_, y_ = x.detach(), y.detach()
        yield Variant("torch.bmm out=", lambda: torch.bmm(x_, y_, out=out))


def generate_linear(s):
    b, t, i, o, h = (s[letter] for letter in "BTIOH")
    x, z = normal(b, t, i), normal(b, h)
    generator, base = normal(o * i, h, scale=1 / math.sqrt(i * h)), normal(o * i, scale=1 / math.sqrt(i))

    def as_written():
        weights = F.linear(z, generator, base).view(b, o, i)
        return torch.bmm(x, weights.transpose(1, 2))

    yield with_gradient("torch linear + bmm", as_written, [x, z, generator, base])
    x_, z_, turned, base_ = x.detach(), z.detach(), generator.detach().t(), base.detach()
    weights, out = torch.empty(b, o * i), torch.empty(b, t, o)
    sets = weights.view(b, o, i).transpose(1, 2)

    def preallocated():
        torch.addmm(base_, z_, turned, out=weights)
        return torch.bmm(x_, sets, out=out)

    yield Variant("torch addmm + bmm out=", preallocated)


def conv2d_per_sample(s):
    b, i, o, side, k = (s[letter] for letter in "BIOSK")
    x, w = normal(b, i, side, side), normal(b, o, i, k, k, scale=1 / math.sqrt(i * k * k))

    def grouped():
        y = F.conv2d(x.view(1, b * i, side, side), w.view(b * o, i, k, k), groups=b)
        return y.view(b, o, y.shape[2], y.shape[3])

    yield with_gradient("torch grouped conv2d", grouped, [x, w])
    yield with_gradient("torch conv2d per sample", lambda: torch.cat([F.conv2d(x[j : j + 1], w[j]) for j in range(b)]), [x, w])


def random_pairs(n, e, m):
    rng = np.random.default_rng(7)
    # Hyperedge after hyperedge, as files list them.
    return rng.integers(n, size=m), np.sort(rng.integers(e, size=m))


def hypergraph_conv(s):
    n, e, m, f = (s[letter] for letter in "NEMF")
    node, edge = random_pairs(n, e, m)

    def inverse(counts, power):
        return np.where(counts > 0, np.maximum(counts, 1.0) ** power, 0).astype(np.float32)

    node_scale, edge_scale = inverse(np.bincount(node, minlength=n), -0.5), inverse(np.bincount(edge, minlength=e), -1.0)
    x = normal(n, f)
    # The scalings are folded into the matrices once: the rivals get their best form.
    gather = scipy.sparse.csr_matrix((edge_scale[edge] * node_scale[node], (edge, node)), shape=(e, n), dtype=np.float32)
    spread = scipy.sparse.csr_matrix((node_scale[node], (node, edge)), shape=(n, e), dtype=np.float32)

    nodes, edges = torch.from_numpy(node), torch.from_numpy(edge)
    by_node, by_edge = torch.from_numpy(node_scale)[:, None], torch.from_numpy(edge_scale)[:, None]

    def indexed():
        at_edges = torch.zeros(e, f).index_add(0, edges, (x * by_node)[nodes]) * by_edge
        return torch.zeros(n, f).index_add(0, nodes, at_edges[edges]) * by_node

    small = m <= MANY_MEMBERSHIPS
    yield with_gradient("torch gather + index_add", indexed, [x]) if small else ("torch gather + index_add", TAKES_MINUTES)

    def sparse(convert):
        a, c = convert(gather), convert(spread)
        return lambda: torch.sparse.mm(c, torch.sparse.mm(a, x))

    def coo(a):
        a = a.tocoo()
        return torch.sparse_coo_tensor(np.stack([a.row, a.col]), a.data, a.shape).coalesce()

    def csr(a):
        return torch.sparse_csr_tensor(torch.from_numpy(a.indptr), torch.from_numpy(a.indices), torch.from_numpy(a.data), a.shape)

    for name, convert in [("torch.sparse.mm COO", coo), ("torch.sparse.mm CSR", csr)]:
        try:
            yield with_gradient(name, sparse(convert), [x]) if small else Variant(name, sparse(convert))
        except RuntimeError as failure:
            yield name, str(failure).splitlines()[0]
    values = x.detach().numpy()
    yield Variant("scipy CSR (one thread)", lambda: spread @ (gather @ values))


def segment_attention(s):
    n, e, m, f, h = (s[letter] for letter in "NEMFH")
    nodes, edges = map(torch.from_numpy, random_pairs(n, e, m))
    x, scores = normal(n, h, f // h), normal(m, h)
    by_head = edges[:, None].expand(m, h)

    def scattered():
        with torch.no_grad():
            # Softmax does not change when a number is taken off all scores, so that no gradient flows through the largest.
            largest = torch.zeros(e, h).scatter_reduce(0, by_head, scores, "amax", include_self=False)
        powers = (scores - largest[edges]).exp()
        sums = torch.zeros(e, h).index_add(0, edges, powers)
        attention = powers / sums[edges]
        return torch.zeros(e, h, f // h).index_add(0, edges, attention[:, :, None] * x[nodes])

    name = "torch scatter_reduce + index_add"
    yield with_gradient(name, scattered, [x, scores]) if m <= MANY_MEMBERSHIPS else (name, TAKES_MINUTES)


def adam(s):
    for name, options in [("torch.optim.Adam", {}), ("torch.optim.Adam foreach", {"foreach": True})]:
        parameter = nn.Parameter(normal(s["P"]))
        parameter.grad = normal(s["P"])
        step = torch.optim.Adam([parameter], lr=1e-3, **options).step
        yield Variant(name, step, compare=False)


def training(name, forward, parameters, labels, compare=True):
    optimizer = torch.optim.Adam(parameters, lr=1e-4)

    def train():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(forward(), labels).backward()
        optimizer.step()

    # By the time of a second variant the first has trained the parameters: values differ.
    return Variant(name, forward, train, compare, again=lambda other, wrap: training(other, wrap(forward), parameters, labels, compare=False))


def mlp_step(s):
    net = nn.Sequential(nn.Linear(s["I"], s["H"]), nn.ReLU(), nn.Linear(s["H"], 10))
    x, labels = normal(s["B"], s["I"]), torch.arange(s["B"]) % 10
    yield training("torch", lambda: net(x), list(net.parameters()), labels)


def hyper_lstm(s):
    """The equations of HyperLstmCell without the small bias, one eager op each."""
    batch, inputs, hidden, small, embedding, steps = (s[letter] for letter in "BIHKZT")

    def uniform(*shape, fan):
        return normal(*shape, scale=1 / math.sqrt(fan))

    def norms(*shape):
        return [torch.ones(*shape), torch.zeros(*shape)]

    read = inputs + hidden + small
    weights = [
        uniform(4 * small, read, fan=read), uniform(4 * hidden, inputs, fan=inputs), uniform(4 * hidden, hidden, fan=hidden),
        uniform(12 * embedding, small, fan=small), torch.ones(12 * embedding), normal(12, embedding, hidden, scale=0.1 / embedding),
        torch.zeros(4, 1, hidden), *norms(4, small), *norms(4, hidden), *norms(small), *norms(hidden),
    ]
    from_all, from_input, from_state, embed, embed_shift, scale, shift = weights[:7]
    x = normal(steps, batch, inputs)

    def cell(gates, memory, gain, bias, cell_gain, cell_bias):
        width = gates.shape[2]
        normed = torch.addcmul(bias[:, None], F.layer_norm(gates, [width], eps=1e-3), gain[:, None])
        i, j, f, o = normed.unbind(0)
        memory = memory * torch.sigmoid(f + 1) + torch.sigmoid(i) * torch.tanh(j)
        return torch.tanh(F.layer_norm(memory, [width], cell_gain, cell_bias, 1e-3)) * torch.sigmoid(o), memory

    def by_gate(y):
        return y.view(batch, 4, -1).transpose(0, 1)

    def forward():
        h = c = torch.zeros(batch, hidden)
        state = state_c = torch.zeros(batch, small)
        for now in x:
            state, state_c = cell(by_gate(F.linear(torch.cat([now, h, state], 1), from_all)), state_c, *weights[7:9], *weights[11:13])
            z = F.linear(state, embed, embed_shift).view(batch, 12, embedding).transpose(0, 1)
            to_input, to_state, generated = torch.bmm(z, scale).split(4)
            gates = to_input * by_gate(F.linear(now, from_input)) + to_state * by_gate(F.linear(h, from_state)) + (generated + shift)
            h, c = cell(gates, c, *weights[9:11], *weights[13:15])
        return h

    yield with_gradient("torch eager", forward, weights)


def lenet_step(s):
    net = nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10))
    x, labels = normal(s["B"], 1, 28, 28), torch.arange(s["B"]) % 10
    yield training("torch", lambda: net(x), list(net.parameters()), labels)


def mip_mlp_step(s):
    b, sets, hidden, pixels, classes = s["B"], s["C"], 128, 784, 10
    sizes = [hidden * pixels, hidden, classes * hidden, classes]
    trunk = nn.Sequential(nn.Linear(32, 64), nn.LeakyReLU(), nn.Linear(64, 128), nn.LeakyReLU(), nn.Linear(128, sum(sizes)))
    with torch.no_grad():
        trunk[4].weight.mul_(0.05)
    gamma, x, labels = torch.rand(sets, 16), normal(b, pixels), torch.arange(b) % classes

    def forward():
        angle = gamma * (math.pi / 2)
        w1, b1, w2, b2 = trunk(torch.cat([angle.cos(), angle.sin()], 1)).split(sizes, 1)
        y = x.view(sets, b // sets, pixels)
        y = F.relu(torch.baddbmm(b1.unsqueeze(1), y, w1.view(sets, hidden, pixels).transpose(1, 2)))
        return torch.baddbmm(b2.unsqueeze(1), y, w2.view(sets, classes, hidden).transpose(1, 2)).view(b, classes)

    yield training("torch eager", forward, list(trunk.parameters()), labels)


WORKS = {
    work.__name__: work
    for work in (
        matmul, generate_linear, conv2d_per_sample, hypergraph_conv, segment_attention, adam, mlp_step, lenet_step, mip_mlp_step, hyper_lstm)
}


def time_work(op, sizes):
    letters = {letter: int(value) for letter, value in (pair.split("=") for pair in sizes.split())}
    torch.manual_seed(1)
    first = None
    for variant in WORKS[op](letters):
        if isinstance(variant, tuple):
            yield {"variant": variant[0], "skipped": variant[1]}
            continue
        with torch.no_grad():
            if variant.compare:
                answer = np.array(variant.forward())
                first = answer if first is None else first
                error = float(np.abs(answer - first).max() / np.abs(first).max())
                if not error <= AGREEMENT:
                    sys.exit(f"{op}({sizes}): {variant.name} differs from the first variant by {error:.1e} of the largest value")
            forward = measure(variant.forward)
        yield {"variant": variant.name, "forward": forward, "train": measure(variant.train) if variant.train else None}


def blas():
    """Asks the BLAS that is loaded: whose it is, for which processor its kernels are, how many threads it uses."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for path in sorted({line.split()[-1] for line in maps if "openblas" in line}):
            library = ctypes.CDLL(path)
            if hasattr(library, "openblas_get_corename"):
                library.openblas_get_corename.restype = library.openblas_get_config.restype = ctypes.c_char_p
                return {
                    "core": library.openblas_get_corename().decode(),
                    "config": library.openblas_get_config().decode(),
                    "threads": library.openblas_get_num_threads(),
                    "forced": os.environ.get("OPENBLAS_CORETYPE"),
                }
    sys.exit("no OpenBLAS is loaded: the plain BLAS of Debian is no rival. apt-get install libopenblas0-openmp")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--large", action="store_true", help="every variant at a million nodes too")
    parser.add_argument("report")
    arguments = parser.parse_args()
    if arguments.large:
        global MANY_MEMBERSHIPS
        MANY_MEMBERSHIPS = math.inf
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
    torch.set_num_threads(arguments.threads)
    library = blas()
    if library["threads"] != arguments.threads:
        sys.exit(f"OpenBLAS uses {library['threads']} threads: set OMP_NUM_THREADS={arguments.threads}")
    with open(arguments.report, encoding="utf-8") as report:
        lines = json.load(report)
    json.dump(
        {
            "versions": {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
            "threads": torch.get_num_threads(),
            "blas": library,
            "works": [
                {"row": line["row"], "op": line["op"], "sizes": line["sizes"], "variants": list(time_work(line["op"], line["sizes"]))}
                for line in lines
            ],
        },
        sys.stdout,
        indent=1,
    )


if __name__ == "__main__":
    main()
