"""
How fast djnb is, as ratios to what one would write by hand.

    python -m tests.benchmarks [--backend sqlite|mysql] [--quick] [--no-peer]

Everything is measured side by side in one run, because only then a ratio means something: djnb and the other way take
turns, several times, and the median of their ratios is printed. On MariaDB DataJoint takes its turn too, in an
environment of its own, which is made if it is not there. No test asserts a time.
"""
