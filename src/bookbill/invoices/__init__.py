"""From bookings to a document that is sent: drafts, versions, numbers, sending, cancelling."""
