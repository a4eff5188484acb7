"""``python -m pipelines.demo FOLDER``: write a demo shop."""

from __future__ import annotations

import argparse

from pipelines.demo.writing import write_demo, write_shop


def main() -> None:
    """Parse the command line and write the shop."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo", description="Write a generated demo shop.")
    parser.add_argument("folder", help="where to; files of an earlier shop are overwritten")
    parser.add_argument("--shop", action="store_true", help="the small shop of data/, without further options")
    parser.add_argument("--skus", type=int, default=400)
    parser.add_argument("--locations", type=int, default=2)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--truth", action="store_true", help="write rates, lead times, incidents and days as well")
    given = parser.parse_args()
    if given.shop:
        path = write_shop(given.folder)
    else:
        path = write_demo(given.folder, given.skus, given.locations, given.years, given.seed, truth=given.truth)
    print(path)


if __name__ == "__main__":
    main()
