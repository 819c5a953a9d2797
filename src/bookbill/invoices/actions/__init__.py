"""What can be done with invoices. Sets from the first day: a button is a batch of one."""
