#!/usr/bin/env python3
"""Joins the raw reports of bench/peers/run into a table of rivals.

usage: table.py RAW_FOLDER OUT_FOLDER [SUITE]     Writes SUITE.json and SUITE.md (rivals unless given). Needs nothing but the standard library.
"""
import collections
import json
import pathlib
import statistics
import sys

# As in bench/peers/run: above this load the run is a trial.
BUSIEST = 1.5


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


class Line:
    """One work on one backend with one number of threads: the figures of all rounds."""

    def __init__(self, report):
        self.report, self.forward, self.train, self.peak, self.copy, self.line = report, [], [], [], [], []
        self.forward_bytes, self.record_bytes = [], []
        # By name of the variant and core: figures, or why there are none.
        self.rivals = collections.defaultdict(lambda: {"forward": [], "train": [], "skipped": None})

    def add(self, report):
        self.forward.append(report["forwardMs"])
        self.peak.append(report["shareOfPeak"])
        self.copy.append(report["shareOfBandwidth"])
        if report.get("lineNs") is not None:
            self.line.append(report["lineNs"])
        self.forward_bytes.append(report["forwardBytes"])
        if report["trainMs"] is not None:
            self.train.append(report["trainMs"])
            self.record_bytes.append(report["bytesPerRecord"])

    def add_rival(self, core, variant):
        rival = self.rivals[(variant["variant"], core)]
        rival["skipped"] = variant.get("skipped")
        for kind in ("forward", "train"):
            if variant.get(kind):
                rival[kind].append(variant[kind]["ms"])

    def summary(self):
        def of(values):
            return {"ms": statistics.median(values), "least": min(values), "most": max(values)} if values else None

        report = self.report
        result = {key: report[key] for key in ("row", "op", "sizes", "plan", "backend", "threads")}
        result |= {"forward": of(self.forward), "train": of(self.train)}
        result |= {"shareOfPeak": statistics.median(self.peak), "shareOfBandwidth": statistics.median(self.copy)}
        result |= {"lineNs": [min(self.line), max(self.line)] if self.line else None}
        # Bytes are counted, not timed: the most of all rounds.
        result |= {"forwardBytes": max(self.forward_bytes), "bytesPerRecord": max(self.record_bytes, default=None), "rivals": []}
        for (name, core), rival in self.rivals.items():
            entry = {"variant": name, "core": core}
            if rival["skipped"]:
                entry["skipped"] = rival["skipped"]
            else:
                for kind in ("forward", "train"):
                    entry[kind] = of(rival[kind])
                    if entry[kind] and result[kind]:
                        entry[f"{kind}Ratio"] = entry[kind]["ms"] / result[kind]["ms"]
            result["rivals"].append(entry)
        return result


def gather(raw):
    lines, setups = {}, {}
    for path in sorted(raw.glob("ours-*.json")):
        backend, threads, row, rnd = path.stem[len("ours-"):].rsplit("-", 3)
        for report in read(path):
            key = (report["row"], report["op"], report["sizes"], backend, report["threads"])
            lines.setdefault(key, Line(report)).add(report)
        # At 256 bits the rival is held to 256 bits as well.
        asked = ["HASWELL"] if backend == "cpu-256" else ["libtorch", "detected", "SKYLAKEX", "managed"]
        for core_asked in asked:
            theirs = raw / f"theirs-{core_asked}-{threads}-{row}-{rnd}.json"
            if not theirs.exists():
                continue
            answer = read(theirs)
            core = answer["blas"]["core"]
            setups[f"{core}, {answer['threads']} thread(s)"] = {"blas": answer["blas"], "versions": answer["versions"], "threads": answer["threads"]}
            for work in answer["works"]:
                line = lines[(work["row"], work["op"], work["sizes"], backend, answer["threads"])]
                for variant in work["variants"]:
                    line.add_rival(core, variant)
    # In the suite's order: rows by number, their lines as first reported.
    place = {}
    for key in lines:
        place.setdefault(key[:3], len(place))
    return [lines[key].summary() for key in sorted(lines, key=lambda key: (key[3] != "cpu", key[0], place[key[:3]], key[4]))], setups


def ms(figure):
    return f"{figure['ms']:.4g}" if figure else ""


def times(ratio):
    return f"{ratio:.2f}" if ratio else ""


def markdown(info, lines, setups, load, absent):
    yield "# Against the rivals"
    yield ""
    yield f"{info['processor']}, {info['cores']} cores, vectors of {info['vectorWidth']} bits; HyperKernels {info['version'].split('+')[0]}, {info['runtime']}."
    if setups:
        versions = {name: version for setup in setups.values() for name, version in setup["versions"].items()}
        yield "Rivals: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "; " + "; ".join(
            sorted({f"{s['blas']['config'].split(' NO_')[0]} with kernels for {s['blas']['core']}" + (" (forced)" if s["blas"]["forced"] else "")
                    for s in setups.values()})) + "."
    else:
        yield f"Rivals skipped: {absent}"
    if load:
        yield f"Load of the machine before and after: {load}."
    if load and float(load.split()[0]) > BUSIEST:
        yield "**A trial on a busy machine: no results.** Waiting threads of OpenBLAS suffer most; ratios on two threads mean nothing here."
    yield ""
    yield "Medians in ms over all rounds, run in turn. Ratios are the rival's time over ours: above 1 this engine is faster."
    yield "Shares are of the FMA peak and of the copy bandwidth measured in the same process, for forward alone. FLOPs are those of the"
    yield "definition: 3x3 convolutions on transformed tiles, F(2x2, 3x3), multiply 2.25 times less and may pass 100 %."
    yield ""
    yield "| # | work | plan | threads | ours forward | of peak | of copy | ours forward + backward | rival | core | ratio forward | ratio forward + backward |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for line in lines:
        # Row 2 of the table is row 1 with both sides at 256 bits.
        row = 2 if line["backend"] == "cpu-256" else line["row"]
        own = (f"| {row} | `{line['op']}` {line['sizes']} | {line['plan']} | {line['threads']} | {ms(line['forward'])} | "
               f"{line['shareOfPeak']:.0%} | {line['shareOfBandwidth']:.0%} | {ms(line['train'])} |")
        for rival in line["rivals"] or [{"variant": "", "core": ""}]:
            if "skipped" in rival:
                yield f"{own} {rival['variant']} | {rival['core']} | skipped: {rival['skipped']} | |"
            else:
                yield f"{own} {rival['variant']} | {rival['core']} | {times(rival.get('forwardRatio'))} | {times(rival.get('trainRatio'))} |"
            own = "| | | | | | | | |"
    if all(line["threads"] == 1 for line in lines):
        return
    yield ""
    yield "## Two threads against one"
    yield ""
    yield "The last column: nanoseconds that a cache line takes which one thread wrote and the other reads, measured within each run. A virtual machine's cores"
    yield "may share a third cache now and none a second later; then a line takes several times as long, and a second thread gains less the shorter the work."
    yield ""
    yield "| work | forward | forward + backward | a line, ns |"
    yield "|---|---|---|---|"
    alone = {(line["op"], line["sizes"], line["backend"]): line for line in lines if line["threads"] == 1}
    for line in lines:
        one = alone.get((line["op"], line["sizes"], line["backend"]))
        if line["threads"] == 2 and one:
            ratios = [times(one[kind]["ms"] / line[kind]["ms"]) if one[kind] and line[kind] else "" for kind in ("forward", "train")]
            passed = " to ".join(dict.fromkeys(f"{ns:.1f}" for ns in line["lineNs"] or []))
            yield f"| `{line['op']}` {line['sizes']} | {ratios[0]} | {ratios[1]} | {passed} |"


def memory(lines):
    yield ""
    yield "## Managed memory"
    yield ""
    yield "Bytes on the managed heap once pools are full: of one inference, and of a training run per op that it records."
    yield ""
    yield "| work | inference | per recorded op |"
    yield "|---|---|---|"
    for line in lines:
        if line["threads"] == 1 and line["backend"] == "cpu":
            per_record = "" if line["bytesPerRecord"] is None else f"{line['bytesPerRecord']:.0f}"
            yield f"| `{line['op']}` {line['sizes']} | {line['forwardBytes']} | {per_record} |"


def starting(starts):
    yield ""
    yield "## Process start to first result"
    yield ""
    yield "The whole process with one answer of a tiny network, published ReadyToRun and trimmed; medians, least and most."
    yield ""
    for name in ("ours", "torch"):
        runs = [start[name] for start in starts if name in start]
        if runs:
            middle = statistics.median(run["ms"] for run in runs)
            yield f"- {name}: {middle:.0f} ms ({min(run['least'] for run in runs):.0f} to {max(run['most'] for run in runs):.0f})"
        else:
            yield f"- {name} skipped: {starts[0]['skipped']}"


def main():
    raw, out = map(pathlib.Path, sys.argv[1:3])
    suite = sys.argv[3] if len(sys.argv) > 3 else "rivals"
    lines, setups = gather(raw)
    info = read(raw / "info.json")
    # bench/gpu/run writes none: there the processor only launches.
    load = " and ".join((raw / "load.txt").read_text(encoding="utf-8").split()) if (raw / "load.txt").exists() else ""
    absent = ((raw / "absent.txt").read_text(encoding="utf-8").strip().splitlines() or [""])[-1]
    machine = {key: info[key] for key in ("version", "runtime", "operatingSystem", "processor", "cores", "vectorWidth")}
    starts = [read(path) for path in sorted(raw.glob("start-*.json"))]
    document = {"machine": machine, "load": load, "rivals": setups or {"skipped": absent}, "lines": lines, "starts": starts}
    text = [*markdown(info, lines, setups, load, absent), *memory(lines), *(starting(starts) if starts else [])]
    (out / f"{suite}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (out / f"{suite}.md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
