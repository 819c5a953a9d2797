"""What can be done with bookings and the catalogue."""
