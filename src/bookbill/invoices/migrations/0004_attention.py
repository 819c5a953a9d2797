"""*Needs attention* is counted on every visit of the list: what changed and what could not be sent get an index each."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("invoices", "0003_sending_and_reminders")]

    operations = [
        migrations.AddIndex(
            "invoice",
            models.Index(
                fields=["company"],
                condition=Q(sent_at__isnull=False, cancelled_at=None) & ~Q(live_claim=F("sent_claim")),
                name="invoice_changed",
            ),
        ),
        migrations.AddIndex(
            "invoice",
            models.Index(fields=["company"], condition=~Q(sending_refused=""), name="invoice_refused"),
        ),
    ]
