"""The pages of invoices: the list, making one, the invoice with its tabs, and the acts on it."""
