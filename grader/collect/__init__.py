"""Files, folders and zips become Submissions; nothing in a student's file is looked into here."""
