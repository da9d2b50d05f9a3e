"""How fast a million renewals and failed payments are decided beside bare UPDATEs: `python -m bench.renewals`.

Needs test servers (`python -m config.local services` in another terminal). Each round makes everything due again, then measures
a bare UPDATE of the very rows that a sweep moves on, and the sweep itself, in batches of 5,000. A share is the median of the
rounds' shares.
"""

import argparse

from bench import results, web

SECTION = "## Renewals and failed payments (`python -m bench.renewals`)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=1_000_000)
    parser.add_argument("--yearly", type=int, default=100, help="of a hundred, how many are renewed by the year")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dry", action="store_true", help="print the section and leave RESULTS.md alone")
    options = parser.parse_args()
    numbers = options.subscriptions, options.rounds, options.yearly
    with web.database():
        from bench import renewal_sweeps  # noqa: PLC0415 - its imports need Django, which web.database has set up

        found = renewal_sweeps.measure(*numbers)
        section = f"{SECTION}\n\n{renewal_sweeps.report(found, *numbers)}"
    print(section)
    if not options.dry:
        results.write(SECTION, section)


if __name__ == "__main__":
    main()
