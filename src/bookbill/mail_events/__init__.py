"""What a mail service reports about mails it took: read by django-anymail, written down by delivery."""
