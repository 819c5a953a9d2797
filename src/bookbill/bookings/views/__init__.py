"""The pages of bookings and of the catalogue."""
