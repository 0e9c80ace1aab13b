"""Grades in the formats that platforms import: the instructor's own gradebook, filled in."""
