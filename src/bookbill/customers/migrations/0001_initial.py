import bookbill.lib.fields
import bookbill.lib.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('companies', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('name', models.CharField(max_length=200)),
                ('company_name', models.CharField(blank=True, max_length=200)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('billing_email', models.CharField(blank=True, max_length=254)),
                ('bill_only_to_billing_email', models.BooleanField(default=False)),
                ('always_copy', models.JSONField(default=list)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('service_address', models.JSONField(default=dict)),
                ('billing_address', models.JSONField(default=dict)),
                ('tax_ids', models.JSONField(default=list)),
                ('purchase_order', models.CharField(blank=True, max_length=80)),
                ('tax_exempt', models.BooleanField(default=False)),
                ('exemption_reason', models.CharField(blank=True, max_length=200)),
                ('language', models.CharField(blank=True, max_length=8)),
                ('payment_terms_days', models.PositiveSmallIntegerField(null=True)),
                ('external_id', models.CharField(max_length=120, null=True)),
                ('archived_at', models.DateTimeField(null=True)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'id'], name='customer_list')],
                'constraints': [models.UniqueConstraint(fields=('company', 'external_id'), name='customer_external_id'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='customer_has_a_name'), models.CheckConstraint(condition=models.Q(('tax_exempt', False), models.Q(('exemption_reason', ''), _negated=True), _connector='OR'), name='customer_exempt_with_reason')],
            },
        ),
        migrations.CreateModel(
            name='CustomerWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='words', to='customers.customer')),
                ('word', bookbill.lib.fields.PrefixTextField(max_length=40)),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'word', 'customer'], name='customer_by_word')],
                'constraints': [models.UniqueConstraint(fields=('company', 'customer', 'word'), name='customer_word_once')],
            },
        ),
    ]
