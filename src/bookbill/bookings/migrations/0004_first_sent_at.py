from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def take_from_invoices(apps: Any, schema_editor: Any) -> None:
    """Bookings of invoices cancelled earlier were let go and are no longer told."""
    bookings = apps.get_model("bookings", "Booking")._base_manager.using(schema_editor.connection.alias)
    invoices = apps.get_model("invoices", "Invoice")._base_manager
    sent_at = Subquery(invoices.filter(pk=OuterRef("invoice_id")).values("sent_at"))
    bookings.exclude(invoice=None).update(first_sent_at=sent_at)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0003_replaced_by_cancelling"),
    ]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="first_sent_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(take_from_invoices, migrations.RunPython.noop),
    ]
