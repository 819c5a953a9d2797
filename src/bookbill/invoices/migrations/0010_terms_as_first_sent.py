from django.db import migrations, models
from django.db.models import F


def take_from_sent(apps, schema_editor):
    """Whether those of what was sent earlier were chosen or the customer's is not told apart any more: they stay chosen."""
    invoices = apps.get_model("invoices", "Invoice")._base_manager.using(schema_editor.connection.alias)
    invoices.filter(sent_at__isnull=False).update(sent_terms_days=F("terms_days"))


def give_back(apps, schema_editor):
    invoices = apps.get_model("invoices", "Invoice")._base_manager.using(schema_editor.connection.alias)
    invoices.filter(sent_at__isnull=False, terms_days=None).update(terms_days=F("sent_terms_days"))


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0002_company_refers_up'),
        ('customers', '0001_initial'),
        ('invoices', '0009_terms_of_the_customer'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='invoice',
            name='sent_invoice_has_dates',
        ),
        migrations.AddField(
            model_name='invoice',
            name='sent_terms_days',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.RunPython(take_from_sent, give_back),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('sent_at', None), models.Q(('due_date__gte', models.F('issue_date')), ('due_date__isnull', False), ('issue_date__isnull', False), ('sent_terms_days__isnull', False)), _connector='OR'), name='sent_invoice_has_dates'),
        ),
    ]
