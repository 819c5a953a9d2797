import bookbill.companies.models.company
import bookbill.lib.ids
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='RateCount',
            fields=[
                ('bucket', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField()),
                ('ends_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('email', models.CharField(max_length=254, unique=True)),
                ('name', models.CharField(blank=True, default='', max_length=200)),
                ('language', models.CharField(blank=True, default='', max_length=10)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower(models.F('email')))), name='user_email_is_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('name', models.CharField(max_length=200)),
                ('plan', models.CharField(choices=[('free', 'free'), ('startup', 'startup'), ('grow', 'grow')], default='grow', max_length=10)),
                ('currency', models.CharField(max_length=3)),
                ('currency_fixed_at', models.DateTimeField(blank=True, null=True)),
                ('time_zone', models.CharField(default='UTC', max_length=64)),
                ('language', models.CharField(default='en', max_length=10)),
                ('is_sandbox', models.BooleanField(default=False)),
                ('clock_offset_seconds', models.IntegerField(default=0)),
                ('email', models.CharField(blank=True, default='', max_length=254)),
                ('phone', models.CharField(blank=True, default='', max_length=40)),
                ('website', models.CharField(blank=True, default='', max_length=200)),
                ('address_line1', models.CharField(blank=True, default='', max_length=200)),
                ('address_line2', models.CharField(blank=True, default='', max_length=200)),
                ('address_city', models.CharField(blank=True, default='', max_length=120)),
                ('address_region', models.CharField(blank=True, default='', max_length=120)),
                ('address_postal_code', models.CharField(blank=True, default='', max_length=20)),
                ('address_country', models.CharField(blank=True, default='', max_length=60)),
                ('tax_ids', models.JSONField(blank=True, default=bookbill.companies.models.company.no_tax_ids)),
                ('number_format', models.CharField(default='INV-{year}-{n:05}', max_length=40)),
                ('number_restarts_yearly', models.BooleanField(default=True)),
                ('payment_terms_days', models.PositiveSmallIntegerField(default=14)),
                ('terms_and_conditions', models.JSONField(blank=True, default=bookbill.companies.models.company.no_texts)),
                ('colour', models.CharField(default='#1f6f5c', max_length=7)),
                ('paper', models.CharField(choices=[('A4', 'A4'), ('Letter', 'US Letter')], default='A4', max_length=6)),
                ('after_sending', models.CharField(choices=[('follow', 'Follow: the invoice shows every change, and offers to send it again'), ('lock_once_sent', 'Lock once sent'), ('lock_once_paid', 'Lock once any money is on it')], default='follow', max_length=16)),
                ('hold_seconds', models.PositiveSmallIntegerField(default=10)),
                ('use_credit_at_sending', models.BooleanField(default=False)),
                ('payment_link_default', models.BooleanField(default=True)),
            ],
            options={
                'indexes': [models.Index(fields=['name'], name='company_by_name')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='company_has_a_name'), models.CheckConstraint(condition=models.Q(('plan__in', ['free', 'startup', 'grow'])), name='company_plan_is_known'), models.CheckConstraint(condition=models.Q(('is_sandbox', True), ('clock_offset_seconds', 0), _connector='OR'), name='only_a_sandbox_moves_its_clock'), models.CheckConstraint(condition=models.Q(('hold_seconds__lte', 600)), name='company_hold_is_short'), models.CheckConstraint(condition=models.Q(('payment_terms_days__lte', 365)), name='company_terms_within_a_year'), models.CheckConstraint(condition=models.Q(('paper__in', ['A4', 'Letter'])), name='company_paper_is_known'), models.CheckConstraint(condition=models.Q(('after_sending__in', ['follow', 'lock_once_sent', 'lock_once_paid'])), name='company_after_sending_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('role', models.CharField(choices=[('owner', 'owner'), ('administrator', 'administrator'), ('office', 'office'), ('accountant', 'accountant'), ('provider', 'provider')], max_length=16)),
                ('name', models.CharField(max_length=200)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'user'), name='one_membership_per_company_and_user'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'administrator', 'office', 'accountant', 'provider'])), name='member_role_is_known')],
            },
        ),
        migrations.CreateModel(
            name='NumberSeries',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('kind', models.CharField(choices=[('invoice', 'invoice'), ('booking', 'booking')], max_length=10)),
                ('year', models.PositiveSmallIntegerField()),
                ('first_n', models.PositiveBigIntegerField(default=1)),
                ('next_n', models.PositiveBigIntegerField(default=1)),
                ('last_date', models.DateField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'kind', 'year'), name='one_series_per_kind_and_year'), models.CheckConstraint(condition=models.Q(('kind__in', ['invoice', 'booking'])), name='series_kind_is_known'), models.CheckConstraint(condition=models.Q(('next_n__gte', models.F('first_n'))), name='series_only_counts_up')],
            },
        ),
        migrations.CreateModel(
            name='IdempotentAnswer',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('holder', models.CharField(max_length=80)),
                ('route', models.CharField(max_length=255)),
                ('key', models.CharField(max_length=255)),
                ('body_hash', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('headers', models.JSONField(default=dict)),
                ('body', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'created_at'], name='answer_by_age')],
                'constraints': [models.UniqueConstraint(fields=('company', 'holder', 'route', 'key'), name='one_answer_per_key_and_route')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.member')),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(max_length=12)),
                ('key_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'member'], name='api_key_by_member')],
            },
        ),
    ]
