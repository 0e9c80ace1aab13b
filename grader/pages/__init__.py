"""Pages of a graded cohort: one for the instructor, and for each student one that may be handed over as it is."""
