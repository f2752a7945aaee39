"""Commands and their values, found in what is said."""
