"""Reports in the formats of other programs: pure functions, from what a student may see to text.

A format that has no word for "ungraded" raises Ungraded: a fault of ours is never a zero."""
