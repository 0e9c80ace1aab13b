"""`python -I -m grader.autograder [FOLDER]`: what run_autograder starts."""

import sys

from .run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
