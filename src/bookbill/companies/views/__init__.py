"""Pages of settings, members, keys, the profile, and the ways in."""
