import bookbill.lib.fields
import bookbill.lib.ids
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('companies', '0001_initial'),
        ('customers', '0001_initial'),
        ('documents', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='customers.customer')),
                ('kind', models.CharField(choices=[('invoice', 'Invoice')], default='invoice', max_length=10)),
                ('number', bookbill.lib.fields.PrefixTextField(blank=True, max_length=40)),
                ('number_n', models.PositiveBigIntegerField(null=True)),
                ('issue_date', models.DateField(null=True)),
                ('due_date', models.DateField(null=True)),
                ('terms_days', models.PositiveSmallIntegerField()),
                ('note', models.TextField(blank=True)),
                ('extra_recipients', models.JSONField(default=list)),
                ('payment_link', models.BooleanField(default=True)),
                ('link_token', models.CharField(default=bookbill.lib.ids.new_link_token, max_length=40, unique=True)),
                ('is_instant', models.BooleanField(default=False)),
                ('currency', models.CharField(max_length=3)),
                ('bookings_count', models.PositiveIntegerField(default=0)),
                ('subtotal_minor', models.BigIntegerField(default=0)),
                ('discount_minor', models.BigIntegerField(default=0)),
                ('tax_minor', models.BigIntegerField(default=0)),
                ('total_minor', models.BigIntegerField(default=0)),
                ('paid_minor', models.BigIntegerField(default=0)),
                ('reduced_minor', models.BigIntegerField(default=0)),
                ('written_off_minor', models.BigIntegerField(default=0)),
                ('charged_minor', models.BigIntegerField(default=0)),
                ('due_minor', models.GeneratedField(db_persist=True, expression=models.Case(models.When(cancelled_at__isnull=False, then=models.Value(0)), default=django.db.models.expressions.CombinedExpression(models.F('total_minor'), '-', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('paid_minor'), '+', models.F('reduced_minor')), '+', models.F('written_off_minor')))), output_field=models.BigIntegerField())),
                ('status', models.GeneratedField(db_persist=True, expression=models.Case(models.When(cancelled_at__isnull=False, then=models.Value('cancelled')), models.When(sent_at__isnull=True, then=models.Value('draft')), models.When(then=models.Value('paid'), total_minor=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('paid_minor'), '+', models.F('reduced_minor')), '+', models.F('written_off_minor'))), models.When(paid_minor__gt=0, then=models.Value('partially_paid')), default=models.Value('sent')), output_field=models.CharField(max_length=16))),
                ('live_claim', models.CharField(blank=True, max_length=64)),
                ('sent_claim', models.CharField(blank=True, max_length=64)),
                ('last_version_n', models.PositiveIntegerField(default=0)),
                ('sending_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('viewed_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=300)),
                ('replaced_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='invoices.invoice')),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'id'], name='invoice_list'), models.Index(fields=['company', 'status', 'id'], name='invoice_by_status'), models.Index(fields=['company', 'customer', 'id'], name='invoice_by_customer'), models.Index(condition=models.Q(('due_minor__gt', 0), ('sent_at__isnull', False)), fields=['company', 'due_date'], name='invoice_overdue'), models.Index(fields=['company', 'number'], name='invoice_by_number'), models.Index(fields=['company', 'total_minor'], name='invoice_by_total')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('company', 'kind', 'number'), name='invoice_number'), models.CheckConstraint(condition=models.Q(models.Q(('number', ''), ('sent_at', None)), models.Q(('sent_at__isnull', False), models.Q(('number', ''), _negated=True)), _connector='OR'), name='sent_invoice_has_number'), models.CheckConstraint(condition=models.Q(('sent_at', None), models.Q(('due_date__gte', models.F('issue_date')), ('due_date__isnull', False), ('issue_date__isnull', False)), _connector='OR'), name='sent_invoice_has_dates'), models.CheckConstraint(condition=models.Q(('cancelled_at', None), ('sent_at__isnull', False), _connector='OR'), name='only_sent_is_cancelled'), models.CheckConstraint(condition=models.Q(('paid_minor__gte', 0), ('reduced_minor__gte', 0), ('total_minor__gte', 0), ('written_off_minor__gte', 0), ('total_minor__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('paid_minor'), '+', models.F('reduced_minor')), '+', models.F('written_off_minor')))), name='invoice_covered_within_total'), models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('subtotal_minor'), '-', models.F('discount_minor')), '+', models.F('tax_minor')))), name='invoice_total_adds_up')],
            },
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='invoices.invoice')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('charge_date', models.DateField()),
                ('cause', models.CharField(choices=[('sent', 'Sent'), ('changed', 'Changed'), ('cancelled', 'Cancelled')], max_length=10)),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'invoice'], name='charge_by_invoice'), models.Index(fields=['company', 'customer', 'charge_date'], name='charge_by_customer'), models.Index(fields=['company', 'charge_date'], name='charge_by_date')],
            },
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='invoices.invoice')),
                ('n', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('sent', 'Sent'), ('cancelled', 'Cancelled')], default='sent', max_length=10)),
                ('document', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('claim', models.CharField(max_length=64)),
                ('currency', models.CharField(max_length=3)),
                ('total_minor', models.BigIntegerField()),
                ('pdf', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                ('pdf_sha256', models.CharField(max_length=64, null=True)),
                ('sent_at', models.DateTimeField()),
                ('sent_by', models.CharField(max_length=200)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'invoice', 'n'), name='version_n'), models.CheckConstraint(condition=models.Q(models.Q(('pdf', None), ('pdf_sha256', None)), models.Q(('pdf__isnull', False), ('pdf_sha256__isnull', False)), _connector='OR'), name='version_pdf_with_hash')],
            },
        ),
    ]
