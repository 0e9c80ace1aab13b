"""The worker: the process that runs student code. It imports the standard library, NumPy (torch where an
assignment asks) and these files, nothing else of this project, and never holds an expected value."""
