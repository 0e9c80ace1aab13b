"""The autograder that Gradescope runs: a zip made of a frozen key and this package, and what happens inside it.

`pack.py` makes the zip; `run.py` is the program in it. The reference and the course's secret stay where they are."""
