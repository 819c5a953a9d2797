import bookbill.bookings.rules
import bookbill.lib.fields
import bookbill.lib.ids
import django.db.models.deletion
import django.db.models.expressions
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('companies', '0001_initial'),
        ('customers', '0001_initial'),
        ('invoices', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='TaxCode',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('name', models.CharField(max_length=80)),
                ('inclusive', models.BooleanField(default=False)),
                ('successor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='bookings.taxcode')),
                ('archived_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'id'], name='taxcode_list')],
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('name', models.CharField(max_length=200)),
                ('unit', models.CharField(blank=True, max_length=20)),
                ('unit_price', bookbill.lib.fields.ExactDecimalField(places=4)),
                ('currency', models.CharField(max_length=3)),
                ('tax_code', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.taxcode')),
                ('archived_at', models.DateTimeField(null=True)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'id'], name='service_list')],
            },
        ),
        migrations.CreateModel(
            name='TaxComponent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('tax_code', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='components', to='bookings.taxcode')),
                ('position', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=40)),
                ('rate', bookbill.lib.fields.ExactDecimalField(places=4)),
                ('compound', models.BooleanField(default=False)),
                ('category', models.CharField(choices=[('standard', 'Standard'), ('zero', 'Zero'), ('exempt', 'Exempt'), ('reverse_charge', 'Reverse Charge'), ('outside_scope', 'Outside Scope')], default='standard', max_length=16)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'tax_code', 'position'), name='tax_component_position'), models.CheckConstraint(condition=models.Q(('rate__gte', 0), ('rate__lte', 100)), name='tax_rate_0_to_100')],
            },
        ),
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='customers.customer')),
                ('number', bookbill.lib.fields.PrefixTextField(max_length=20)),
                ('number_n', models.PositiveBigIntegerField()),
                ('service_date', models.DateField()),
                ('start_time', models.TimeField(null=True)),
                ('time_zone', models.CharField(max_length=60)),
                ('service_address', models.JSONField(default=dict)),
                ('provider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.member')),
                ('state', models.CharField(choices=[('scheduled', 'scheduled'), ('completed', 'completed'), ('cancelled', 'cancelled')], default=bookbill.bookings.rules.State['SCHEDULED'], max_length=10)),
                ('is_instant', models.BooleanField(default=False)),
                ('held_back', models.BooleanField(default=False)),
                ('note', models.TextField(blank=True)),
                ('external_id', models.CharField(max_length=120, null=True)),
                ('discount_kind', models.CharField(blank=True, choices=[('percent', 'percent'), ('amount', 'amount')], max_length=8)),
                ('discount_value', bookbill.lib.fields.ExactDecimalField(default=Decimal('0'), places=4)),
                ('tax_code', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.taxcode')),
                ('tax_exempt', models.BooleanField(default=False)),
                ('exemption_reason', models.CharField(blank=True, max_length=200)),
                ('currency', models.CharField(max_length=3)),
                ('subtotal_minor', models.BigIntegerField(default=0)),
                ('discount_minor', models.BigIntegerField(default=0)),
                ('tax_minor', models.BigIntegerField(default=0)),
                ('total_minor', models.BigIntegerField(default=0)),
                ('paid_minor', models.BigIntegerField(default=0)),
                ('reduced_minor', models.BigIntegerField(default=0)),
                ('written_off_minor', models.BigIntegerField(default=0)),
                ('due_minor', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('total_minor'), '-', models.F('paid_minor')), '-', models.F('reduced_minor')), '-', models.F('written_off_minor')), output_field=models.BigIntegerField())),
                ('invoice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='invoices.invoice')),
                ('completed_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=300)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'service_date', 'number_n'], name='booking_by_date'), models.Index(fields=['company', 'customer', 'service_date'], name='booking_by_customer'), models.Index(fields=['company', 'number'], name='booking_by_number'), models.Index(condition=models.Q(('invoice', None)), fields=['company', 'customer'], name='booking_not_invoiced')],
                'constraints': [models.UniqueConstraint(fields=('company', 'number_n'), name='booking_number'), models.UniqueConstraint(fields=('company', 'external_id'), name='booking_external_id'), models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('subtotal_minor'), '-', models.F('discount_minor')), '+', models.F('tax_minor')))), name='booking_total_adds_up'), models.CheckConstraint(condition=models.Q(('total_minor__gte', 0), ('total_minor__lte', 1000000000000000)), name='booking_total_in_bounds'), models.CheckConstraint(condition=models.Q(('paid_minor__gte', 0), ('reduced_minor__gte', 0), ('written_off_minor__gte', 0), ('total_minor__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('paid_minor'), '+', models.F('reduced_minor')), '+', models.F('written_off_minor')))), name='booking_covered_within_total'), models.CheckConstraint(condition=models.Q(models.Q(('state', bookbill.bookings.rules.State['SCHEDULED']), _negated=True), models.Q(('cancelled_at', None), ('completed_at', None)), _connector='OR'), name='booking_scheduled'), models.CheckConstraint(condition=models.Q(models.Q(('state', bookbill.bookings.rules.State['COMPLETED']), _negated=True), ('completed_at__isnull', False), _connector='OR'), name='booking_completed'), models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', False), ('state', bookbill.bookings.rules.State['CANCELLED'])), models.Q(models.Q(('state', bookbill.bookings.rules.State['CANCELLED']), _negated=True), ('cancelled_at', None)), _connector='OR'), name='booking_cancelled')],
            },
        ),
        migrations.CreateModel(
            name='BookingItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='bookings.booking')),
                ('position', models.PositiveSmallIntegerField()),
                ('description', models.CharField(max_length=500)),
                ('quantity', bookbill.lib.fields.ExactDecimalField(places=3)),
                ('unit', models.CharField(blank=True, max_length=20)),
                ('unit_price', bookbill.lib.fields.ExactDecimalField(places=4)),
                ('service', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.service')),
                ('tax_code', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.taxcode')),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('net_minor', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'booking', 'position'), name='booking_item_position')],
            },
        ),
        migrations.CreateModel(
            name='BookingTax',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='taxes', to='bookings.booking')),
                ('position', models.PositiveSmallIntegerField()),
                ('tax_code', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.taxcode')),
                ('name', models.CharField(max_length=40)),
                ('rate', bookbill.lib.fields.ExactDecimalField(places=4)),
                ('category', models.CharField(max_length=16)),
                ('inclusive', models.BooleanField()),
                ('currency', models.CharField(max_length=3)),
                ('base_minor', models.BigIntegerField()),
                ('amount_minor', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'booking', 'position'), name='booking_tax_position')],
            },
        ),
    ]
