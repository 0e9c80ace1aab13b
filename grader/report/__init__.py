"""Reports for people and programs. Everything here is a pure function of records; escaping is per sink."""
