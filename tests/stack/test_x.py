import os
from django.db import connection
from django.conf import settings
import pytest, redis
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("n",range(3))
def test_a(n):
    from apps.core.models import Project
    with connection.cursor() as c:
        c.execute("select current_setting('fsync')"); assert c.fetchone()[0]=="off"
    assert redis.Redis.from_url(settings.REDIS_URL).ping()
    Project.objects.create(key="x")
