"""Play the VN2 game on eight earlier windows with ``plan`` in a loop, against the organiser's benchmark.

    python -m tests.benchmarks.vn2_games [--windows 8] [--cover 1.0]

Windows of eight weeks follow each other back from the last eight weeks of the history, which stay closed. Prints the
cost of weeks 3 to 8 relative to the benchmark's, window by window, then one JSON object. See ``tests.real.vn2_game``
for clock, costs, starting stock and what is left out.
"""

from __future__ import annotations

import argparse
import time

from tests.benchmarks.measuring import report
from tests.real.vn2_game import WEEKS, Game

LAST_CLOSED = 157 - WEEKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--cover", type=float, default=1.0)
    options = parser.parse_args()
    began, ratios, windows = time.perf_counter(), [], []
    for k in range(options.windows):
        game = Game(LAST_CLOSED - WEEKS * (k + 1))
        theirs = game.play(game.benchmark, options.cover)
        ours = game.play(game.planner, options.cover)
        ratios.append(ours.cost / theirs.cost)
        window = {
            "from": str(game.dates[game.start].date()),
            "series": int(game.counted.sum()),
            "benchmark": round(theirs.cost, 1),
            "benchmark_holding": round(theirs.holding, 1),
            "plan": round(ours.cost, 1),
            "plan_holding": round(ours.holding, 1),
            "ratio": round(ratios[-1], 3),
        }
        windows.append(window)
        print(window, flush=True)
    report(
        windows=windows,
        mean_ratio=round(sum(ratios) / len(ratios), 4),
        largest_ratio=round(max(ratios), 4),
        above_one=sum(ratio > 1 for ratio in ratios),
        seconds=round(time.perf_counter() - began, 1),
    )


if __name__ == "__main__":
    main()
