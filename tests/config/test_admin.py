"""Every admin page opens, for every model that is registered, without a query per row."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse

from core.limits import Limit, take
from tests.builders import make_list, make_todo
from tests.conftest import make_user

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def url(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def operator(web, staff):
    return web(staff)


@pytest.mark.parametrize("query", [{}, {"q": "a"}, {"q": "\x00"}, {"o": "1.-2"}], ids=repr)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_opens(operator, alice, model, query):
    make_todo(alice, tags=["a"])
    assert operator.get(url(model, "changelist"), query, follow=True).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_form_opens_or_is_not_allowed(operator, alice, model):
    make_todo(alice, tags=["a"])
    take(Limit(scope="a", amount=1, window=timedelta(days=1)))
    assert operator.get(url(model, "add")).status_code in (200, 403)
    row = model._default_manager.first()
    if row is not None:
        assert operator.get(url(model, "change", row.pk)).status_code == 200
        assert operator.get(url(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_model_can_be_searched_and_filtered(model):
    registered = admin.site._registry[model]
    assert registered.search_fields
    if model._meta.app_label in ("accounts", "core", "sms", "todos"):
        assert len(registered.list_display) > 1


@pytest.mark.parametrize("name", ["user", "list", "todo", "tag"])
def test_a_list_page_takes_the_same_queries_for_many_rows(
    operator, name, django_assert_max_num_queries
):
    for number in range(20):
        person = make_user(f"p{number}@example.com")
        make_todo(person, tags=["a"], list=make_list(person))
    [model] = [m for m in MODELS if m._meta.model_name == name]
    with django_assert_max_num_queries(12):
        operator.get(url(model, "changelist"))
