"""The magics, a file for each, and what they share: lines, names, bodies, completions."""
