"""Who holds the floor: turn-taking, as a pure core."""
