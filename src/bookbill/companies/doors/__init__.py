"""The doors that open a company: pages for members, the API for programs. Behind them run actions, in one transaction."""
