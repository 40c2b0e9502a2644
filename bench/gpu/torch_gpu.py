#!/usr/bin/env python3
"""Times the works of the GPU's table of rivals in PyTorch and PyTorch Geometric, as bench/peers/torch_rows.py does for the processor.

Reads a report of `hyperkernels bench --suite gpu --json` and does the same works at the same sizes, each on as many sets of buffers in
turn as the report's side used. Times are between events of the device, after warm-up; samples are groups of runs, medians count.
Every work is done eager and with torch.compile, products also with TF32. What a machine cannot do is listed with its reason.

usage: torch_gpu.py [--device cuda] REPORT.json
"""
import argparse
import functools
import itertools
import json
import math
import pathlib
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
import torch_rows as rows  # noqa: E402

# As in BenchSubject.InTurn: what one set of buffers must exceed, or several in turn.
ROTATION_BYTES, MOST_SETS = 256 << 20, 8

FEWEST_RUNS, MOST_RUNS, SAMPLE_SECONDS, WARM_UP_SECONDS, SHORTEST_SAMPLE_MS = 7, 2000, 0.3, 0.15, 2.0


class Clock:
    """Milliseconds between two places in the device's stream; of the host's clock where the device is the processor."""

    def __init__(self, device):
        self.events = [torch.cuda.Event(enable_timing=True) for _ in range(2)] if device == "cuda" else None

    def time(self, run, group):
        if self.events is None:
            start = time.perf_counter()
            for _ in range(group):
                run()
            return (time.perf_counter() - start) * 1e3
        self.events[0].record()
        for _ in range(group):
            run()
        self.events[1].record()
        self.events[1].synchronize()
        return self.events[0].elapsed_time(self.events[1])


def measure(run, clock):
    warm_ups, start = 0, time.perf_counter()
    while warm_ups < 3 or time.perf_counter() - start < WARM_UP_SECONDS:
        clock.time(run, 1)
        warm_ups += 1
    group = max(1, math.ceil(SHORTEST_SAMPLE_MS / max(clock.time(run, 1), 1e-6)))
    samples, start = [], time.perf_counter()
    while len(samples) < FEWEST_RUNS or (len(samples) < MOST_RUNS and time.perf_counter() - start < SAMPLE_SECONDS):
        samples.append(clock.time(run, group) / group)
    low, median, high = np.quantile(samples, [0.25, 0.5, 0.75])
    return {"ms": float(median), "spread": float((high - low) / median), "runs": len(samples)}


def matmul(s):
    b, m, k, n = (s[letter] for letter in "BMKN")
    shape = (lambda *axes: axes) if b == 1 else (lambda *axes: (b, *axes))
    x, y = rows.normal(*shape(m, k)), rows.normal(*shape(k, n))
    multiply = torch.mm if b == 1 else torch.bmm
    yield rows.with_gradient("torch.mm" if b == 1 else "torch.bmm", lambda: multiply(x, y), [x, y])


def pairs(s, device):
    """The hypergraph's pairs, any node with any hyperedge, and one row per node."""
    n, e, m, f = (s[letter] for letter in "NEMF")
    rng = np.random.default_rng(7)
    node, edge = (torch.from_numpy(rng.integers(count, size=m)).to(device) for count in (n, e))
    return node, edge, rows.normal(n, f)


def hypergraph_conv(s, device):
    (node, edge, x), n, e, f = pairs(s, device), s["N"], s["E"], s["F"]

    def inverse(index, count, power):
        counts = torch.bincount(index, minlength=count).float()
        return torch.where(counts > 0, counts.clamp(min=1) ** power, torch.zeros_like(counts))

    by_node, by_edge = inverse(node, n, -0.5), inverse(edge, e, -1.0)

    def indexed():
        at_edges = torch.zeros(e, f, device=device).index_add(0, edge, (x * by_node[:, None])[node]) * by_edge[:, None]
        return torch.zeros(n, f, device=device).index_add(0, node, at_edges[edge]) * by_node[:, None]

    yield rows.with_gradient("torch gather + index_add", indexed, [x])

    def csr(row, column, values, shape):
        return torch.sparse_coo_tensor(torch.stack([row, column]), values, shape).coalesce().to_sparse_csr()

    # The scalings are folded into the matrices once: the rival gets its best form.
    gather = csr(edge, node, by_edge[edge] * by_node[node], (e, n))
    spread = csr(node, edge, by_node[node], (n, e))
    x_ = x.detach()
    yield rows.Variant("two torch.sparse.mm CSR", lambda: torch.sparse.mm(spread, torch.sparse.mm(gather, x_)))
    try:
        from torch_geometric.nn import HypergraphConv
    except ImportError as absent:
        yield "PyG HypergraphConv", str(absent)
        return
    # Without its dense layer, which the other side does not have either. Its scaling is by D^-1 on the nodes, so that values differ.
    layer = HypergraphConv(f, f, bias=False).to(device)
    layer.lin = torch.nn.Identity()
    index = torch.stack([node, edge])
    variant = rows.with_gradient("PyG HypergraphConv", lambda: layer(x, index, num_edges=e), [x])
    variant.compare = False
    yield variant


def segment_attention(s, device):
    (node, edge, x), e, m, f, h = pairs(s, device), *(s[letter] for letter in "EMFH")
    x, scores = x.view(-1, h, f // h), rows.normal(m, h)
    by_head = edge[:, None].expand(m, h)

    def weighted(attention):
        return torch.zeros(e, h, f // h, device=device).index_add(0, edge, attention[:, :, None] * x[node])

    def scattered():
        with torch.no_grad():
            largest = torch.zeros(e, h, device=device).scatter_reduce(0, by_head, scores, "amax", include_self=False)
        powers = (scores - largest[edge]).exp()
        return weighted(powers / torch.zeros(e, h, device=device).index_add(0, edge, powers)[edge])

    yield rows.with_gradient("torch scatter_reduce + index_add", scattered, [x, scores])
    try:
        from torch_geometric.utils import softmax
    except ImportError as absent:
        yield "PyG softmax + index_add", str(absent)
        return
    yield rows.with_gradient("PyG softmax + index_add", lambda: weighted(softmax(scores, edge, num_nodes=e)), [x, scores])


def adam(s):
    yield from rows.adam(s)
    parameter = torch.nn.Parameter(rows.normal(s["P"]))
    parameter.grad = rows.normal(s["P"])
    try:
        step = torch.optim.Adam([parameter], lr=1e-3, fused=True).step
        step()
    except RuntimeError as failure:
        yield "torch.optim.Adam fused", str(failure).splitlines()[0]
        return
    yield rows.Variant("torch.optim.Adam fused", step, compare=False)


def works(device):
    return {
        "matmul": matmul,
        "generate_linear": rows.generate_linear,
        "conv2d_per_sample": rows.conv2d_per_sample,
        "hypergraph_conv": functools.partial(hypergraph_conv, device=device),
        "segment_attention": functools.partial(segment_attention, device=device),
        "mip_mlp_step": rows.mip_mlp_step,
        "adam": adam,
        "lenet_step": rows.lenet_step,
    }


def compiled(variant, device):
    """The variant once more with torch.compile, where that is."""
    if variant.again is None:
        return
    if device != "cuda" or not hasattr(torch, "compile"):
        yield f"{variant.name}, compiled", f"torch.compile is for CUDA here; this is torch {torch.__version__} on {device}"
        return
    # CUDA graphs, which "reduce-overhead" adds, are what small steps need.
    for mode in ("default", "reduce-overhead"):
        yield variant.again(f"{variant.name}, compiled {mode}", functools.partial(torch.compile, mode=mode))


def variants(work, sizes, device):
    for variant in work(sizes):
        yield variant
        if not isinstance(variant, tuple):
            yield from compiled(variant, device)


def in_turn(runs):
    turn = itertools.cycle(runs)
    return lambda: next(turn)()


def figures(sets, clock):
    """Forward alone, and forward + backward, each over the sets in turn."""
    result = {}
    with torch.no_grad():
        result["forward"] = measure(in_turn([one.forward for one in sets]), clock)
    result["train"] = measure(in_turn([one.train for one in sets]), clock) if sets[0].train else None
    return result


def time_work(line, device, clock):
    letters = {letter: int(value) for letter, value in (pair.split("=") for pair in line["sizes"].split())}
    work, op = works(device)[line["op"]], line["op"]
    bytes_moved = line["gbps"] * line["forwardMs"] * 1e6
    count = min(MOST_SETS, max(1, math.ceil(ROTATION_BYTES / bytes_moved)))
    torch.manual_seed(1)
    first = None
    for together in zip(*(variants(work, letters, device) for _ in range(count))):
        one = together[0]
        if isinstance(one, tuple):
            yield {"variant": one[0], "skipped": one[1]}
            continue
        try:
            if one.compare:
                with torch.no_grad():
                    answer = one.forward().detach().clone()
                first = answer if first is None else first
                error = float((answer - first).abs().max() / first.abs().max())
                if not error <= rows.AGREEMENT:
                    sys.exit(f"{op}({line['sizes']}): {one.name} differs from the first variant by {error:.1e} of the largest value")
            yield {"variant": one.name} | figures(together, clock)
            if op in ("matmul", "generate_linear", "conv2d_per_sample") and device == "cuda" and "compiled" not in one.name:
                torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
                yield {"variant": f"{one.name}, TF32"} | figures(together, clock)
        except (RuntimeError, NotImplementedError) as failure:
            yield {"variant": one.name, "skipped": str(failure).splitlines()[0]}
        finally:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def limits(device, clock):
    """Copy bandwidth and matrix rates of this device through PyTorch."""
    elements, side = (128 << 20, 8192) if device == "cuda" else (16 << 20, 512)
    source, target = torch.zeros(elements, device=device), torch.zeros(elements, device=device)
    result = {"copyGbps": 8 * elements / measure(lambda: target.copy_(source), clock)["ms"] / 1e6}
    for name, tf32 in [("float32", False)] + ([("tf32", True)] if device == "cuda" else []):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        a, b = torch.randn(side, side, device=device), torch.randn(side, side, device=device)
        result[f"{name}Gflops"] = 2 * side**3 / measure(lambda: torch.mm(a, b), clock)["ms"] / 1e6
    torch.backends.cuda.matmul.allow_tf32 = False
    return result


def versions():
    found = {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": np.__version__}
    try:
        import torch_geometric
        found["torch_geometric"] = torch_geometric.__version__
    except ImportError:
        pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="cpu: to try the script where there is no GPU")
    parser.add_argument("report")
    arguments = parser.parse_args()
    device = arguments.device
    if device == "cuda":
        torch.set_default_device("cuda")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    clock = Clock(device)
    with open(arguments.report, encoding="utf-8") as report:
        lines = json.load(report)
    name = torch.cuda.get_device_name() if device == "cuda" else "processor"
    measured = limits(device, clock)
    config = f"CUDA {torch.version.cuda}, copy {measured['copyGbps']:.0f} GB/s, " + ", ".join(
        f"{key[:-6]} {value / 1e3:.1f} TFLOP/s" for key, value in measured.items() if key.endswith("Gflops"))
    json.dump(
        {
            "versions": versions(),
            "threads": 1,
            # What bench/peers/table.py calls the library under the rival.
            "blas": {"core": name, "config": config, "forced": None},
            "limits": measured,
            "works": [
                {"row": line["row"], "op": line["op"], "sizes": line["sizes"], "variants": list(time_work(line, device, clock))}
                for line in lines
            ],
        },
        sys.stdout,
        indent=1,
    )


if __name__ == "__main__":
    main()
