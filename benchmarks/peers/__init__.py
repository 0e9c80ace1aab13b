"""Other graders, measured beside ours by throughput.py: their environments, and the files that each of them needs.

None of their code is here: packages come from pip, assignment files are generated from workload.py."""
