"""Pages for students: their own notebook or file with the outcome of each question beside it."""
