"""What a browser sends from the forms of the admin, and what it reads in the answers."""

from django.db.models import Model

from todos.models import List, Todo

LISTS, TODOS, TAGS = "/admin/todos/list/", "/admin/todos/todo/", "/admin/todos/tag/"


def errors(response) -> dict[str, list[str]]:
    assert response.status_code == 200
    return {**response.context["adminform"].form.errors}


def saved(response) -> None:
    problems = response.context and response.context.get("errors")
    assert response.status_code == 302, problems


def todo_form(todo: Todo, **changes: object) -> dict[str, object]:
    due = todo.due
    return {
        "list": todo.list_id,
        "title": todo.title,
        "notes": todo.notes,
        "priority": todo.priority,
        "start_on": todo.start_on or "",
        "due_0": f"{due.on}" if due else "",
        "due_1": f"{due.at:%H:%M}" if due and due.at else "",
        "due_2": due.time_zone or "" if due else "",
        "recurrence": todo.recurrence or "",
        "recurrence_from": todo.recurrence_from,
        "tags": [tag.pk for tag in todo.tags.all()],
        **changes,
    }


def run(operator, path: str, action: str, *rows: Model, **fields: str):
    keys = [str(row.pk) for row in rows]
    return operator.post(path, {"action": action, "_selected_action": keys, **fields}, follow=True)


def list_form(row: List, **changes: object) -> dict[str, object]:
    return {"name": row.name, "color": row.color, **changes}
