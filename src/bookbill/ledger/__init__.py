"""Money on bookings: payments and where they lie, lowered claims, credit. Knows bookings, never invoices."""
