"""
How fast djnb is, as ratios to what one would write by hand.

    python -m tests.benchmarks [--backend sqlite|mysql] [--quick]

Everything is measured side by side in one run, because only then a ratio means something: djnb and the other way take
turns, several times, and the median of their ratios is printed. No test asserts a time.
"""
