"""Call off a mail whose data is leaving: if the server refuses it for now, it is not tried again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0003_text_of_a_message'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='called_off',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
    ]
