"""What the database itself refuses to change here."""

from bookbill.lib.triggers import frozen

TRIGGERS = [frozen("documents_storedfile")]
