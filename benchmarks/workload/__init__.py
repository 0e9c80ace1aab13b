"""One small assignment of eight functions, and a cohort for it: what throughput.py, crowd.py and kills.py grade."""
