"""A whole cohort: submissions in, rows of a store out, by any executor; nothing acknowledged is ever lost."""
