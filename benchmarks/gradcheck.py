"""Our gradient check beside others: `python benchmarks/gradcheck.py [--quick | --times]`.

The student is a two-layer ReLU network with softmax cross-entropy (mean over N = 32) and reg * (|W1|^2 + |W2|^2), in
NumPy, float64, gradients by hand; about 2k, 20k and 200k parameters. reg = 0.005 makes the penalty of the largest about
as large as its data loss; a penalty far above that brings rounding that can hide the smallest errors. Each method has
to say whether the gradients of W1, b1, W2 and b2 are right, from them and the forward alone:
ours            grader.gradcheck.check_direction, one random direction per parameter tensor
fast            torch.autograd.gradcheck, fast_mode=True, default tolerances
fast, tight     the same with atol=1e-9, rtol=1e-6
sampled 10/100  central differences of so many random coordinates per tensor, rtol 1e-5
loop            central differences of every coordinate, rtol 1e-5
slow            torch.autograd.gradcheck as it is by default
The same wrong gradients go to all methods, 40 seeds each, 20 and 3 for `sampled 100` at 20k and 200k; `loop` and
`slow` run at 2k only, n/a stands for what was not run. All stop at the first tensor that is wrong, smallest first. When
gradcheck's fast mode fails it runs slow mode for its message alone; that is left out where detection is counted. Ours
counts as finding an error only where it is conclusive.

Planted errors. A single entry must be one that matters: it is drawn among the entries of W1's gradient that are not 0
and at least as large as the median of these, and is changed by 10 %. `two cancel` adds and takes away the same amount,
the median, at two such entries. A transposed layer needs a square one: W2 is then made square (as many classes as
hidden units), in a network of its own of the same size.

Times are processor time of this process, one thread, medians, on right gradients, directions and samples included.
False alarms: right gradients of small networks of random sizes; a third has inputs with exact zeros, zero biases and
integer weights, so that pre-activations are exactly 0, where `open` is the only honest answer. The exit status is 1
if ours misses an error or raises a false alarm."""

# ruff: noqa: E402  (threads are limited before NumPy is imported)
from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch

from grader.gradcheck import check_direction, direction

Array = np.ndarray
Params = dict[str, Array]
N, REG = 32, 0.005
SIZES = {"2k": (40, 40, 10), "20k": (160, 115, 10), "200k": (500, 390, 10)}  # inputs, hidden units, classes
SQUARE = {"2k": (20, 35, 35), "20k": (40, 120, 120), "200k": (100, 400, 400)}


class Net:
    """One student: data, parameters, the forward and its gradients."""

    def __init__(self, rng: np.random.Generator, d: int, h: int, c: int, n: int = N, integer: bool = False) -> None:
        self.X, self.y, self.reg = rng.normal(size=(n, d)), rng.integers(0, c, n), REG
        draw = (lambda *s: rng.integers(-2, 3, s).astype(float)) if integer else rng.normal
        if integer:
            self.X[rng.random((n, d)) < 0.5] = 0
            self.X[rng.integers(n)] = 0
            self.p = {"W1": draw(d, h), "b1": np.zeros(h), "W2": draw(h, c), "b2": np.zeros(c)}
            return
        self.p = {
            "W1": draw(size=(d, h)) * np.sqrt(2 / d),
            "b1": draw(size=h) * 0.1,
            "W2": draw(size=(h, c)) * np.sqrt(2 / h),
            "b2": draw(size=c) * 0.1,
        }

    def loss(self, name: str, value: Array) -> float:
        """The forward, with one parameter replaced."""
        p = {**self.p, name: value}
        S = np.maximum(self.X @ p["W1"] + p["b1"], 0) @ p["W2"] + p["b2"]
        S -= S.max(1, keepdims=True)
        data = (np.log(np.exp(S).sum(1)) - S[np.arange(len(S)), self.y]).mean()
        return float(data + self.reg * (np.vdot(p["W1"], p["W1"]) + np.vdot(p["W2"], p["W2"])))

    def gradients(self, error: str = "") -> Params:
        """Right gradients, or those of a planted error in the backward pass."""
        p, X, n = self.p, self.X, len(self.X)
        Z = X @ p["W1"] + p["b1"]
        H = np.maximum(Z, 0)
        S = H @ p["W2"] + p["b2"]
        E = np.exp(S - S.max(1, keepdims=True))
        E /= E.sum(1, keepdims=True)
        E[np.arange(n), self.y] -= 1
        if error != "missing 1/N":
            E /= n
        back = E @ (p["W2"] if error == "transpose" else p["W2"].T)
        mask: Array | float = Z > 0
        if error == "no ReLU derivative":
            mask = 1.0
        elif error == "mask of the incoming gradient":  # back > 0 for Z > 0, as in guided backpropagation
            mask = back > 0
        elif error == "derivative of the sigmoid":
            mask = H * (1 - H)
        D = back * mask
        strength = {"penalty's 2 lost": 1.0, "penalty missing": 0.0}.get(error, 2.0) * self.reg
        g = {
            "W1": X.T @ D + strength * p["W1"],
            "b1": D.sum(0),
            "W2": (Z.T if error == "W2 from the pre-activation" else H.T) @ E + strength * p["W2"],
            "b2": E.sum(0),
        }
        if error == "sign of b1":
            g["b1"] = -g["b1"]
        elif error == "batch mean in b1":
            g["b1"] = D.mean(0)
        elif error == "b2 zero":
            g["b2"] = np.zeros_like(g["b2"])
        elif error == "bias penalised":
            g["b1"] = g["b1"] + 2 * self.reg * p["b1"]
        return g


ERRORS = [
    "one entry by 10 %",
    "two cancel",
    "two columns swapped",
    "sign of b1",
    "missing 1/N",
    "penalty's 2 lost",
    "penalty missing",
    "bias penalised",
    "transpose",
    "no ReLU derivative",
    "derivative of the sigmoid",
    "mask of the incoming gradient",
    "W2 from the pre-activation",
    "batch mean in b1",
    "b2 zero",
]


def plant(error: str, size: str, seed: int) -> tuple[Net, Params]:
    """A network and its wrong gradients."""
    rng = np.random.default_rng([seed, ERRORS.index(error)])
    net = Net(rng, *(SQUARE if error == "transpose" else SIZES)[size])
    g = net.gradients(error)
    sizes = np.abs(g["W1"].ravel())
    middle = np.median(sizes[sizes > 0])
    if error == "one entry by 10 %":
        g["W1"].flat[rng.choice(np.flatnonzero(sizes >= middle))] *= 1.1
    elif error == "two cancel":
        first, second = rng.choice(np.flatnonzero(sizes >= middle), 2, replace=False)
        g["W1"].flat[first] += middle
        g["W1"].flat[second] -= middle
    elif error == "two columns swapped":
        a, b = rng.choice(g["W1"].shape[1], 2, replace=False)
        g["W1"][:, [a, b]] = g["W1"][:, [b, a]]
    return net, g


# -- methods: True where the gradients are accepted --------------------------------------------------------


def tensors(net: Net) -> list[tuple[str, Array]]:
    return sorted(net.p.items(), key=lambda item: item[1].size)


def ours(net: Net, g: Params, seed: int) -> bool:
    rng = np.random.default_rng(seed)
    for name, x in tensors(net):
        v = direction(rng, x.shape)
        found = check_direction(lambda at, n=name: net.loss(n, at), x, g[name], v)
        if found.conclusive and not found.agree:
            return False
    return True


def differences(net: Net, g: Params, seed: int, count: int | None) -> bool:
    """Central differences of `count` coordinates per tensor, or of all, h = 1e-6."""
    rng, h = np.random.default_rng(seed), 1e-6
    for name, x in tensors(net):
        picked = range(x.size) if count is None else rng.choice(x.size, min(count, x.size), replace=False)
        at = x.copy()
        flat, claimed = at.reshape(-1), g[name].reshape(-1)
        for i in picked:
            old = flat[i]
            flat[i] = old + h
            up = net.loss(name, at)
            flat[i] = old - h
            slope = (up - net.loss(name, at)) / (2 * h)
            flat[i] = old
            if abs(slope - claimed[i]) > 1e-7 + 1e-5 * abs(claimed[i]):
                return False
    return True


def torch_check(net: Net, g: Params, fast: bool, tight: bool) -> bool:
    tolerance = {"atol": 1e-9, "rtol": 1e-6} if tight else {}
    for name, x in tensors(net):

        class Student(torch.autograd.Function):
            @staticmethod
            def forward(_: object, at: torch.Tensor, name: str = name) -> torch.Tensor:
                return torch.tensor(net.loss(name, at.detach().numpy()), dtype=torch.float64)

            @staticmethod
            def backward(_: object, out: torch.Tensor, name: str = name) -> tuple[torch.Tensor, None]:
                return out * torch.from_numpy(g[name]), None

        at = torch.from_numpy(x.copy()).requires_grad_()
        if not torch.autograd.gradcheck(
            lambda t, f=Student: f.apply(t), (at,), raise_exception=False, fast_mode=fast, **tolerance
        ):
            return False
    return True


METHODS: dict[str, Callable[[Net, Params, int], bool]] = {
    "ours": ours,
    "fast": lambda net, g, _: torch_check(net, g, True, False),
    "fast, tight": lambda net, g, _: torch_check(net, g, True, True),
    "sampled 10": lambda net, g, seed: differences(net, g, seed, 10),
    "sampled 100": lambda net, g, seed: differences(net, g, seed, 100),
    "loop": lambda net, g, seed: differences(net, g, seed, None),
    "slow": lambda net, g, _: torch_check(net, g, False, False),
}
ALL = {"2k": 40, "20k": 40, "200k": 40}
SEEDS = dict.fromkeys(METHODS, ALL) | {  # of each error, by size; none: not run
    "sampled 100": {"2k": 40, "20k": 20, "200k": 3},
    "loop": {"2k": 40},
    "slow": {"2k": 40},
}
QUICK = {"ours": {"2k": 10, "20k": 4, "200k": 1}, "fast": {"2k": 5}, "sampled 10": {"2k": 5}}


def detection(seeds: dict[str, dict[str, int]]) -> bool:
    """Print how many wrong gradients each method finds; whether ours finds all."""
    print("Detected, % (2k / 20k / 200k)")
    print(f"{'':31}" + "".join(f"{method:>15}" for method in METHODS))
    complete = True
    for error in ERRORS:
        cells = dict[str, list[str]]()
        for size in SIZES:
            counts = {method: seeds.get(method, {}).get(size, 0) for method in METHODS}
            hits = dict.fromkeys(METHODS, 0)
            for seed in range(max(counts.values())):
                net, g = plant(error, size, seed)
                for method, check in METHODS.items():
                    hits[method] += seed < counts[method] and not check(net, g, seed)
            for method, count in counts.items():
                cells.setdefault(method, []).append(f"{100 * hits[method] / count:.0f}" if count else "n/a")
            complete = complete and hits["ours"] == counts["ours"]
        print(f"{error:31}" + "".join(f"{'/'.join(cells[method]):>15}" for method in METHODS), flush=True)
    return complete


def false_alarms(count: int) -> int:
    """Right gradients called wrong by ours; prints how many stayed open."""
    alarms = still_open = kinks = open_without = tensors = 0
    for seed in range(count):
        rng = np.random.default_rng([seed, 99])
        integer = seed % 3 == 0
        d, h, n = (int(k) for k in rng.integers(1, 13, 3))
        net = Net(rng, d, h, int(rng.integers(2, 7)), n, integer)
        kink = bool((np.abs(net.X @ net.p["W1"] + net.p["b1"]) < 1e-14).any())
        kinks += kink
        for name, g in net.gradients().items():
            x = net.p[name]
            found = check_direction(lambda at, n=name, net=net: net.loss(n, at), x, g, direction(rng, x.shape))
            tensors += 1
            alarms += found.conclusive and not found.agree
            still_open += not found.conclusive
            open_without += not found.conclusive and not kink
    print(
        f"\nRight gradients: {count} networks ({kinks} with a pre-activation at 0), {tensors} tensors: "
        f"{alarms} false alarms, {still_open} open, of which {open_without} without a kink at x"
    )
    return alarms


def seconds(action: Callable[[], object], repeats: int) -> list[float]:
    """Processor times; the first call is not counted where there are more."""
    times = []
    for _ in range(repeats + (repeats > 1)):
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return times[repeats > 1 :]


def timings(quick: bool) -> None:
    """Print times on right gradients, what is 500 and 2,500 times as fast, and how cost grows."""
    print("\nProcessor time, ms, median, right gradients (* extrapolated from a part of the coordinates)")
    table = dict[str, dict[str, float]]()
    for size, shape in SIZES.items():
        net = Net(np.random.default_rng(7), *shape)
        g, count = net.gradients(), sum(x.size for x in net.p.values())
        mine = list[float]()
        for method, check in METHODS.items():
            # ours before each of the others: a busy machine must not slow down one side alone
            mine += seconds(lambda n=net, g=g: ours(n, g, 0), 11 if quick else 31)
            if method == "ours" or (method in ("loop", "slow") and (size == "200k" or (quick and size == "20k"))):
                continue
            repeats = {"fast": 31, "fast, tight": 31, "sampled 10": 11}.get(method, 5)
            if method in ("loop", "slow") and (quick or size != "2k"):
                repeats = 1
            taken = statistics.median(seconds(lambda c=check, n=net, g=g: c(n, g, 0), repeats))
            table.setdefault(method, {})[size] = taken * 1e3
        table["ours"] = {**table.get("ours", {}), size: statistics.median(mine) * 1e3}
        # per coordinate, all other costs being small beside the forwards
        table["calls"] = {**table.get("calls", {}), size: float(count)}
        if "loop" not in table or size not in table["loop"]:
            part = statistics.median(seconds(lambda n=net, g=g: differences(n, g, 0, 100), 3)) * 1e3
            picked = sum(min(100, x.size) for x in net.p.values())
            table.setdefault("loop", {})[size] = part / picked * count
            table["slow"][size] = table["loop"][size] * table["slow"]["2k"] / table["loop"]["2k"]
    calls = table.pop("calls")
    print(f"{'parameters':14}" + "".join(f"{calls[size]:>12,.0f}" for size in SIZES) + f"{'growth':>10}")
    for method, row in table.items():
        known = {"2k"} | (set() if quick else {"20k"}) if method in ("loop", "slow") else set(SIZES)
        cells = [f"{row[size]:,.2f}{' ' if size in known else '*'}" for size in SIZES]
        print(f"{method:14}" + "".join(f"{cell:>12}" for cell in cells) + f"{row['200k'] / row['2k']:>10,.1f}")
    o, loop = table["ours"], table["loop"]
    print(
        f"\nOurs against slow gradcheck at 2k: {table['slow']['2k'] / o['2k']:,.0f}x (goal 500x); "
        f"against the loop at 20k: {loop['20k'] / o['20k']:,.0f}x{'*' if quick else ''} (goal 2,500x), "
        f"at 200k: {loop['200k'] / o['200k']:,.0f}x*"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Our gradient check beside others.")
    parser.add_argument("--quick", action="store_true", help="few seeds, under a minute")
    parser.add_argument("--times", action="store_true", help="times alone")
    arguments = parser.parse_args()
    quick = arguments.quick
    torch.set_num_threads(1)
    gradcheck_module = sys.modules["torch.autograd.gradcheck"]  # the function of this name hides it
    warnings.simplefilter("ignore")  # torch's, about students' functions
    if arguments.times:
        timings(quick)
        return 0
    started = time.perf_counter()
    rerun = gradcheck_module._run_slow_mode_and_get_error
    gradcheck_module._run_slow_mode_and_get_error = lambda *_: ""
    complete = detection(QUICK if quick else SEEDS)
    gradcheck_module._run_slow_mode_and_get_error = rerun
    alarms = false_alarms(600 if quick else 10_000)
    timings(quick)
    good = complete and not alarms
    print(
        f"{'Ours found every error and raised no false alarm' if good else 'FAILED'}; "
        f"{time.perf_counter() - started:.0f} s"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
