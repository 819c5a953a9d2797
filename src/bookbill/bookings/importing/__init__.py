"""Bookings from a CSV file, by a mapping that says which column means what."""
