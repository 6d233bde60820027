import django.db.models.deletion
from django.db import migrations, models

# Who is a member now has been one since the segment was created, as far as anybody knows; so have the rules.
MEMBERS_SINCE = """
    UPDATE flags_segmentmember AS member SET valid_from = segment.created_at
    FROM flags_segment AS segment WHERE segment.id = member.segment_id
"""
ONLY_PRESENT_MEMBERS = "DELETE FROM flags_segmentmember WHERE valid_to IS NOT NULL"
FIRST_VERSIONS = """
    INSERT INTO flags_segmentversion (segment_id, number, rule, valid_from)
    SELECT id, version, rule, created_at FROM flags_segment
"""


class Migration(migrations.Migration):

    dependencies = [
        ('flags', '0003_lifecycle'),
    ]

    operations = [
        migrations.CreateModel(
            name='SegmentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('rule', models.JSONField(null=True, verbose_name='rule')),
                ('valid_from', models.DateTimeField()),
                ('valid_to', models.DateTimeField(null=True)),
                ('segment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='flags.segment')),
            ],
            options={
                'verbose_name': 'segment version',
                'verbose_name_plural': 'segment versions',
                'constraints': [
                    models.UniqueConstraint(fields=('segment', 'number'), name='flags_segment_version_number'),
                    models.UniqueConstraint(condition=models.Q(('valid_to', None)), fields=('segment',), name='flags_segment_version_one_present'),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name='segmentmember',
            name='flags_member_once',
        ),
        migrations.AddField(
            model_name='segmentmember',
            name='valid_to',
            field=models.DateTimeField(blank=True, null=True, verbose_name='member until'),
        ),
        migrations.AddField(
            model_name='segmentmember',
            name='valid_from',
            field=models.DateTimeField(null=True, verbose_name='member since'),
        ),
        migrations.RunSQL(MEMBERS_SINCE, ONLY_PRESENT_MEMBERS),
        migrations.AlterField(
            model_name='segmentmember',
            name='valid_from',
            field=models.DateTimeField(verbose_name='member since'),
        ),
        migrations.AddConstraint(
            model_name='segmentmember',
            constraint=models.UniqueConstraint(condition=models.Q(('valid_to', None)), fields=('segment', 'environment', 'targeting_key'), name='flags_member_once'),
        ),
        migrations.AddIndex(
            model_name='segmentmember',
            index=models.Index(fields=['environment', 'targeting_key'], name='flags_member_of'),
        ),
        migrations.RunSQL(FIRST_VERSIONS, migrations.RunSQL.noop),
    ]
