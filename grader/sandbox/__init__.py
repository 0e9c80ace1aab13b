"""The sandbox: a worker that answers, and the trusted side that asks, limits and kills."""
