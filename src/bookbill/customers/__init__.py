"""Who is served and billed."""
