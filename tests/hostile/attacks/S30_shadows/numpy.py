raise RuntimeError("NumPy was shadowed")
