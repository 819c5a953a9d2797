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
            name='Entry',
            fields=[
                ('id', models.UUIDField(default=bookbill.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('at', models.DateTimeField()),
                ('type', models.CharField(max_length=60)),
                ('actor_kind', models.CharField(max_length=20)),
                ('actor_label', models.CharField(max_length=200)),
                ('actor_reference', models.CharField(blank=True, default='', max_length=100)),
                ('member_id', models.UUIDField(null=True)),
                ('subject_type', models.CharField(max_length=40)),
                ('subject_id', models.UUIDField()),
                ('subject_label', models.CharField(max_length=200)),
                ('before', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('after', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('personal_hash', models.CharField(blank=True, default='', max_length=64)),
                ('request_id', models.CharField(blank=True, default='', max_length=64)),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'id'], name='activity_by_company'), models.Index(fields=['company', 'subject_type', 'subject_id', 'id'], name='activity_by_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('type', ''), _negated=True), name='activity_entry_has_a_type')],
            },
        ),
        migrations.CreateModel(
            name='EntryPersonal',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='personal', serialize=False, to='activity.entry')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='companies.company')),
                ('salt', models.CharField(max_length=64)),
                ('before', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('after', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
            ],
        ),
    ]
