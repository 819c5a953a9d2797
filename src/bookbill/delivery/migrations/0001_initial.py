import bookbill.delivery.rules
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
            name='Message',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('cause_kind', models.CharField(max_length=20)),
                ('cause_id', models.UUIDField()),
                ('recipient', models.CharField(max_length=254)),
                ('kind', models.CharField(max_length=20)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('subject_id', models.UUIDField(blank=True, null=True)),
                ('version_n', models.PositiveIntegerField(blank=True, null=True)),
                ('message_id', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('accepted', 'Delivered to the mail server'), ('deferred', 'Refused for now, trying again'), ('failed', 'Not delivered'), ('bounced', 'Bounced'), ('unknown', 'Unknown: it may have arrived')], default='queued', max_length=10)),
                ('ready_at', models.DateTimeField(blank=True, null=True)),
                ('next_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('first_try_at', models.DateTimeField(blank=True, null=True)),
                ('lease_holder', models.UUIDField(blank=True, null=True)),
                ('server_answer', models.CharField(blank=True, default='', max_length=500)),
                ('created_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('trouble_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['company', 'next_at'], name='message_open'), models.Index(condition=models.Q(('ready_at__isnull', True)), fields=['company', 'created_at'], name='message_without_pdf'), models.Index(condition=models.Q(('trouble_at__isnull', False)), fields=['company', 'trouble_at'], name='message_in_trouble'), models.Index(condition=models.Q(('subject_id__isnull', False)), fields=['company', 'subject_id'], name='message_by_subject')],
                'constraints': [models.UniqueConstraint(fields=('company', 'cause_kind', 'cause_id', 'recipient', 'kind', 'step'), name='message_leaves_once'), models.CheckConstraint(condition=models.Q(('state__in', [bookbill.delivery.rules.State['QUEUED'], bookbill.delivery.rules.State['SENDING'], bookbill.delivery.rules.State['ACCEPTED'], bookbill.delivery.rules.State['DEFERRED'], bookbill.delivery.rules.State['FAILED'], bookbill.delivery.rules.State['BOUNCED'], bookbill.delivery.rules.State['UNKNOWN']])), name='message_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('cause_kind', ''), _negated=True), models.Q(('kind', ''), _negated=True), models.Q(('recipient', ''), _negated=True), models.Q(('message_id', ''), _negated=True)), name='message_says_what_it_is'), models.CheckConstraint(condition=models.Q(models.Q(('next_at__isnull', False), ('ready_at__isnull', False), ('state__in', [bookbill.delivery.rules.State['QUEUED'], bookbill.delivery.rules.State['DEFERRED'], bookbill.delivery.rules.State['SENDING']])), models.Q(('next_at__isnull', True), ('ready_at__isnull', True), ('state', bookbill.delivery.rules.State['QUEUED'])), models.Q(('next_at__isnull', True), ('ready_at__isnull', False), ('state__in', (bookbill.delivery.rules.State['ACCEPTED'], bookbill.delivery.rules.State['FAILED'], bookbill.delivery.rules.State['BOUNCED'], bookbill.delivery.rules.State['UNKNOWN']))), _connector='OR'), name='message_is_looked_at_while_open'), models.CheckConstraint(condition=models.Q(models.Q(('accepted_at__isnull', False), ('state', bookbill.delivery.rules.State['ACCEPTED'])), ('state', bookbill.delivery.rules.State['BOUNCED']), models.Q(models.Q(('state__in', [bookbill.delivery.rules.State['ACCEPTED'], bookbill.delivery.rules.State['BOUNCED']]), _negated=True), ('accepted_at__isnull', True)), _connector='OR'), name='message_accepted_has_its_time'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', (bookbill.delivery.rules.State['FAILED'], bookbill.delivery.rules.State['BOUNCED'], bookbill.delivery.rules.State['UNKNOWN'])), ('trouble_at__isnull', False)), models.Q(models.Q(('state__in', (bookbill.delivery.rules.State['FAILED'], bookbill.delivery.rules.State['BOUNCED'], bookbill.delivery.rules.State['UNKNOWN'])), _negated=True), ('trouble_at__isnull', True)), _connector='OR'), name='message_trouble_has_its_time'), models.CheckConstraint(condition=models.Q(models.Q(('state', bookbill.delivery.rules.State['SENDING']), _negated=True), ('lease_holder__isnull', False), _connector='OR'), name='message_being_sent_has_a_holder')],
            },
        ),
        migrations.CreateModel(
            name='Outbox',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('held_at', models.DateTimeField(blank=True, null=True)),
                ('held_because', models.CharField(blank=True, default='', max_length=200)),
                ('trouble', models.CharField(blank=True, default='', max_length=500)),
                ('trouble_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='there_is_one_outbox')],
            },
        ),
        migrations.CreateModel(
            name='MailboxItem',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mailbox_item', to='delivery.message')),
                ('recipient', models.CharField(max_length=254)),
                ('subject', models.CharField(max_length=300)),
                ('raw', models.BinaryField()),
                ('received_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'received_at'], name='mailbox_by_time')],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='delivery.message')),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('accepted', 'Delivered to the mail server'), ('deferred', 'Refused for now, trying again'), ('failed', 'Not delivered'), ('bounced', 'Bounced'), ('unknown', 'Unknown: it may have arrived')], max_length=10)),
                ('code', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, default='', max_length=500)),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'at'], name='attempt_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('outcome__in', [bookbill.delivery.rules.State['QUEUED'], bookbill.delivery.rules.State['SENDING'], bookbill.delivery.rules.State['ACCEPTED'], bookbill.delivery.rules.State['DEFERRED'], bookbill.delivery.rules.State['FAILED'], bookbill.delivery.rules.State['BOUNCED'], bookbill.delivery.rules.State['UNKNOWN']])), name='attempt_outcome_is_known')],
            },
        ),
    ]
