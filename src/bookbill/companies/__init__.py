"""Companies and their people: settings, members, rights, plans, numbers, API keys, the doors that open a company."""
