import bookbill.lib.ids
import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('companies', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('next_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('kind', models.CharField(max_length=80)),
                ('args', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('priority', models.SmallIntegerField(default=0)),
                ('unique_key', models.CharField(max_length=200, null=True)),
                ('schedule', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.schedule')),
                ('tick_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('set_aside', 'Set aside'), ('discarded', 'Discarded')], default='queued', max_length=10)),
                ('run_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('attempts_before', models.PositiveSmallIntegerField(default=0)),
                ('lease_holder', models.CharField(blank=True, default='', max_length=120)),
                ('lease_until', models.DateTimeField(null=True)),
                ('last_error', models.CharField(blank=True, default='', max_length=500)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['run_at'], name='work_due'), models.Index(condition=models.Q(('state', 'queued')), fields=['company', '-priority', 'run_at', 'id'], name='work_in_turn'), models.Index(condition=models.Q(('state', 'running')), fields=['lease_until'], name='work_leased'), models.Index(condition=models.Q(('state__in', ('done', 'discarded'))), fields=['finished_at'], name='work_settled'), models.Index(condition=models.Q(('state', 'set_aside')), fields=['company', 'finished_at'], name='work_set_aside')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('queued', 'running')), ('unique_key__isnull', False)), fields=('company', 'kind', 'unique_key'), name='work_promised_once'), models.UniqueConstraint(condition=models.Q(('company__isnull', True), ('state__in', ('queued', 'running')), ('unique_key__isnull', False)), fields=('kind', 'unique_key'), name='work_housekeeping_promised_once'), models.UniqueConstraint(fields=('schedule', 'tick_at'), name='work_tick_once'), models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'set_aside', 'discarded'])), name='work_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'running'), models.Q(('lease_holder', ''), _negated=True)), models.Q(models.Q(('state', 'running'), _negated=True), ('lease_holder', ''), ('lease_until__isnull', True)), _connector='OR'), name='work_lease_while_running'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('state__in', ('queued', 'running'))), models.Q(models.Q(('state__in', ('queued', 'running')), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='work_finished_once_settled')],
            },
        ),
        migrations.CreateModel(
            name='JobFailure',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='failures', to='work.job')),
                ('attempt', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField()),
                ('error', models.CharField(max_length=500)),
                ('trace', models.TextField(blank=True, default='')),
            ],
        ),
    ]
