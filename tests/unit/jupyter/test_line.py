"""The line of a magic: Python first, then options."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from djnb.jupyter.magics.arguments import make_parser
from djnb.jupyter.magics.line import expression, split


@pytest.fixture
def parser():
    parser = make_parser("populate", usage="")
    parser.add_argument("--max-calls")
    parser.add_argument("--suppress-errors", action="store_true")
    parser.add_argument("--restrict", type=expression)
    parser.add_argument("-o")
    return parser


class TestSplit:
    @pytest.mark.parametrize(
        ("line", "head", "arguments"),
        [
            ("", "", []),
            ("Analysis", "Analysis", []),
            ("Analysis & {'subject_id': 3} --max-calls 5", "Analysis & {'subject_id': 3}", ["--max-calls", "5"]),
            ("Analysis --max-calls=5 -o r", "Analysis", ["--max-calls", "5", "-o", "r"]),
            ("--max-calls 5 Analysis & a", "Analysis & a", ["--max-calls", "5"]),
            ("--suppress-errors Analysis", "Analysis", ["--suppress-errors"]),
            (
                "Analysis --restrict {'a': 1, 'b': f(2)} -o r",
                "Analysis",
                ["--restrict", "{'a': 1, 'b': f(2)}", "-o", "r"],
            ),
            (
                "Analysis --restrict 'a > 1' --suppress-errors",
                "Analysis",
                ["--restrict", "'a > 1'", "--suppress-errors"],
            ),
            ("Analysis --max-calls", "Analysis", ["--max-calls"]),
        ],
    )
    def test_options_are_found(self, line, head, arguments, parser):
        """Options come after the Python, or before it, and each takes what is its own."""
        assert (head, arguments) == split(line, parser)

    @pytest.mark.parametrize(
        "line",
        [
            "Analysis & 'note = \" --max-calls 5\"'",
            'Analysis & "note = \'it\\" --suppress-errors\'"',
            "Analysis & [a, -o ]",
            "Analysis & (a --max - b)",
            "Analysis & a - o",
            "Analysis & a-o",
        ],
    )
    def test_python_is_left_whole(self, line, parser):
        """What looks like an option within quotes, brackets or a difference is none."""
        assert (line, []) == split(line, parser)

    def test_unknown_option_is_refused_with_the_nearest(self, parser):
        """A misspelt option is told, before anything runs."""
        with pytest.raises(UsageError, match=r"There is no option --max-call\. Did you mean --max-calls\?"):
            split("Analysis --max-call 5", parser)
