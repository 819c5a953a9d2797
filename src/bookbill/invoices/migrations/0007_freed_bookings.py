import json
from typing import Any

import bookbill.lib.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def take_from_copies(apps: Any, schema_editor: Any) -> None:
    """From the frozen copies of invoices cancelled earlier; who did the work they do not tell, so who it is by now."""
    alias = schema_editor.connection.alias
    versions = apps.get_model("invoices", "Version")._base_manager.using(alias)
    freed = apps.get_model("invoices", "FreedBooking")
    bookings = apps.get_model("bookings", "Booking")._base_manager
    copies = versions.filter(kind="cancelled").order_by("pk")
    for company_id, invoice_id, document in copies.values_list(
        "company_id", "invoice_id", "document"
    ).iterator(100):
        freed._base_manager.using(alias).bulk_create(
            [
                freed(
                    company_id=company_id,
                    invoice_id=invoice_id,
                    booking_id=block["id"],
                    number=block["number"],
                    service_date=block["service_date"],
                )
                for block in json.loads(document)["bookings"]
            ],
            batch_size=500,
        )
    provider_id = Subquery(bookings.filter(pk=OuterRef("booking_id")).values("provider_id"))
    freed._base_manager.using(alias).update(provider_id=provider_id)


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0004_first_sent_at'),
        ('companies', '0002_company_refers_up'),
        ('invoices', '0006_what_covered_at_a_reminder'),
    ]

    operations = [
        migrations.CreateModel(
            name='FreedBooking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', bookbill.lib.fields.PrefixTextField(max_length=20)),
                ('service_date', models.DateField()),
                ('booking', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='bookings.booking')),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('invoice', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='freed_bookings', to='invoices.invoice')),
                ('provider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.member')),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'number'], name='freed_booking_by_number'), models.Index(fields=['company', 'service_date'], name='freed_booking_by_date')],
                'constraints': [models.UniqueConstraint(fields=('invoice', 'booking'), name='freed_booking')],
            },
        ),
        migrations.RunPython(take_from_copies, migrations.RunPython.noop),
    ]
