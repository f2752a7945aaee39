"""The history of the tables. Files are added, never edited."""
