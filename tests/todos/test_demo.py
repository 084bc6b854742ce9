import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from tests.builders import make_todo
from todos.models import Todo

pytestmark = pytest.mark.django_db


def run(*options: str) -> str:
    out = StringIO()
    call_command("demo", *options, stdout=out)
    return out.getvalue()


def test_demo_prints_a_log_in_that_works():
    password = re.search(r"password: (\S+)", run())
    assert password
    client = Client()
    form = {"login": "demo@nudge.example", "password": password[1]}
    assert client.post("/auth/login/", form)["Location"] == "/todos/"
    assert client.get("/todos/").status_code == 200


def test_demo_again_starts_afresh_and_touches_nobody_else(alice):
    make_todo(alice)
    first, second = run(), run()
    assert first != second
    demo = User.objects.get(email="demo@nudge.example")
    assert (Todo.objects.owned_by(demo).count(), Todo.objects.owned_by(alice).count()) == (9, 1)
    assert Todo.objects.owned_by(demo).filter(status="finished").count() == 2


def test_demo_makes_somebody_for_the_admin_only_if_asked(alice):
    run()
    assert User.objects.filter(is_staff=True).count() == 0
    printed = re.search(r"/admin/\s+e-mail: +(\S+)\s+password: (\S+)", run("--staff"))
    assert printed
    client = Client()
    form = {"login": printed[1], "password": printed[2]}
    assert client.post("/auth/login/?next=/admin/", form)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
