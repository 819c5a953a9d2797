import bookbill.lib.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('bookings', '0001_initial'),
        ('companies', '0001_initial'),
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='customers.customer')),
                ('currency', models.CharField(max_length=3)),
                ('method', models.CharField(choices=[('cash', 'cash'), ('cheque', 'cheque'), ('bank_transfer', 'bank_transfer'), ('card', 'card'), ('direct_debit', 'direct_debit'), ('other', 'other')], max_length=20)),
                ('amount_minor', models.BigIntegerField()),
                ('tip_minor', models.BigIntegerField(default=0)),
                ('received_on', models.DateField()),
                ('reference', models.CharField(blank=True, max_length=200)),
                ('external_id', models.CharField(max_length=120, null=True)),
                ('recorded_by', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'id'], name='payment_list'), models.Index(fields=['company', 'customer', 'id'], name='payment_by_customer'), models.Index(fields=['company', 'received_on'], name='payment_by_date')],
                'constraints': [models.UniqueConstraint(fields=('company', 'external_id'), name='payment_external_id'), models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0), ('amount_minor__lte', 1000000000000000)), name='payment_amount_in_bounds'), models.CheckConstraint(condition=models.Q(('tip_minor__gte', 0), ('tip_minor__lte', 1000000000000000)), name='payment_tip_in_bounds')],
            },
        ),
        migrations.CreateModel(
            name='WriteOff',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.booking')),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('net_minor', models.BigIntegerField()),
                ('taxes_minor', models.JSONField(default=list)),
                ('reason', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'booking'], name='write_off_by_booking')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor', 0), _negated=True), name='write_off_is_not_zero')],
            },
        ),
        migrations.CreateModel(
            name='Allocation',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='ledger.payment')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='bookings.booking')),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('cause', models.CharField(choices=[('placed', 'placed'), ('credit_used', 'credit_used'), ('moved', 'moved'), ('released', 'released'), ('refunded', 'refunded'), ('reversed', 'reversed')], max_length=12)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'payment', 'booking'], name='allocation_by_payment'), models.Index(fields=['company', 'booking', 'id'], name='allocation_by_booking')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor', 0), _negated=True), name='allocation_is_not_zero')],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='ledger.payment')),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('from_credit_minor', models.BigIntegerField(default=0)),
                ('is_tip', models.BooleanField(default=False)),
                ('still_owed', models.BooleanField(default=False)),
                ('reason', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'payment'], name='refund_by_payment')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0), ('from_credit_minor__gte', 0), ('from_credit_minor__lte', models.F('amount_minor'))), name='refund_parts')],
            },
        ),
        migrations.CreateModel(
            name='Reversal',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('payment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='ledger.payment')),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('reason', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'payment'], name='reversal_by_payment')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0)), name='reversal_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Reduction',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.booking')),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('net_minor', models.BigIntegerField()),
                ('taxes_minor', models.JSONField(default=list)),
                ('reason', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reductions', to='ledger.refund')),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'booking'], name='reduction_by_booking')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor', 0), _negated=True), name='reduction_is_not_zero')],
            },
        ),
    ]
