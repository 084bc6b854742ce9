"""Every page of the admin saves and removes what it shows, each request in its own transaction.

tests/todos/test_without_test_transaction.py says what pytest's own transaction would hide.
"""

from html.parser import HTMLParser

import pytest

from tests.config.test_admin import MAKE, every_model, url

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


class Form(HTMLParser):
    """The fields that a browser would send, as they stand on the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self.select: str | None = None
        self.textarea: str | None = None
        self.feed(page)

    def add(self, name: str | None, value: str | None) -> None:
        if name:
            self.data.setdefault(name, []).append(value or "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_off = values.get("type") in ("checkbox", "radio") and "checked" not in values
        if tag == "input" and values.get("type") not in ("submit", "button") and not is_off:
            self.add(values.get("name"), values.get("value"))
        elif tag == "select":
            self.select = values.get("name")
        elif tag == "option" and self.select and "selected" in values:
            self.add(self.select, values.get("value"))
        elif tag == "textarea":
            self.textarea = values.get("name")
            self.add(self.textarea, "")

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.data[self.textarea][-1] += data.removeprefix("\n").removeprefix("\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = None
        elif tag == "textarea":
            self.textarea = None


@every_model
def test_a_row_is_listed_saved_acted_on_and_removed(web, staff, model):
    operator, rows = web(staff), model._default_manager
    MAKE[model](1)
    MAKE[model](2)
    listed = operator.get(url(model, "changelist"))
    first, second = rows.exclude(pk=staff.pk)[:2] if model is type(staff) else rows.all()[:2]
    assert operator.get(url(model, "add")).status_code in (200, 403)

    path = url(model, "change", first.pk)
    page = operator.get(path)
    answer = operator.post(path, Form(page.text).data)
    problems = answer.context and answer.context.get("errors")
    assert answer.status_code == (302 if page.context["has_change_permission"] else 403), problems

    actions = listed.context["action_form"]
    names = {name for name, _words in actions.fields["action"].choices} if actions else set()
    for name in sorted(names - {"", "delete_selected"}):
        form = {"action": name, "_selected_action": [first.pk]}
        assert operator.post(url(model, "changelist"), form, follow=True).status_code == 200

    may_delete = "delete_selected" in names
    answer = operator.post(url(model, "delete", first.pk), {"post": "yes"})
    assert answer.status_code == (302 if may_delete else 403)
    form = {"action": "delete_selected", "_selected_action": [second.pk], "post": "yes"}
    assert operator.post(url(model, "changelist"), form, follow=True).status_code == 200
    assert rows.filter(pk__in=[first.pk, second.pk]).count() == (0 if may_delete else 2)
