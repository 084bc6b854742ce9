"""Manual order is the order of numbers, from one end of what JSON holds exactly to the other."""

import pytest

from tests.builders import make_list, make_todo
from tests.todos.pages import PAGE, titles
from todos.models import List, Todo

pytestmark = pytest.mark.django_db
TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
LIMIT = 9_007_199_254_740_991  # 2**53 - 1
ENDPOINTS = [(TODOS, "title"), (LISTS, "name")]
both = pytest.mark.parametrize(("path", "name"), ENDPOINTS, ids=["to-do", "list"])


@both
@pytest.mark.parametrize("position", [LIMIT, -LIMIT, 0, 1, -1, 1024, 10**15])
def test_every_position_up_to_the_limits_is_kept(api, alice, path, name, position):
    phone = api(alice)
    made = phone.post(path, {name: "x", "position": position})
    assert (made.status_code, made.json()["position"]) == (201, position)
    changed = phone.patch(made["Location"], {"position": -position})
    assert (changed.status_code, changed.json()["position"]) == (200, -position)


@both
@pytest.mark.parametrize(
    ("position", "code"),
    [
        (LIMIT + 1, "max_value"),
        (-LIMIT - 1, "min_value"),
        (10**300, "max_value"),
        (-(10**300), "min_value"),
    ],
)
def test_a_position_beyond_the_limits_is_400(api, alice, path, name, position, code):
    phone = api(alice)
    made = phone.post(path, {name: "x"})
    for answer in (
        phone.post(path, {name: "y", "position": position}),
        phone.patch(made["Location"], {"position": position}),
    ):
        [problem] = answer.json()["errors"]
        assert (answer.status_code, problem["attr"], problem["code"]) == (400, "position", code)
    assert phone.get(made["Location"]).json() == made.json()


def test_the_first_todo_of_an_account_stands_at_0_and_later_ones_before_it(api, alice, bob):
    make_todo(bob, position=-5000)
    phone = api(alice)
    made = [phone.post(TODOS, {"title": str(number)}).json()["position"] for number in range(12)]
    assert made == [-1024 * number for number in range(12)]


def test_the_first_list_of_an_account_stands_at_0_and_later_ones_behind_it(api, alice, bob):
    make_list(bob, position=5000)
    phone = api(alice)
    made = [phone.post(LISTS, {"name": str(number)}).json()["position"] for number in range(12)]
    assert made == [1024 * number for number in range(12)]


def test_beside_the_inbox_the_first_list_leaves_room(api, alice):
    phone = api(alice)
    phone.get(LISTS)
    assert phone.post(LISTS, {"name": "x"}).json()["position"] == 1023


@pytest.mark.parametrize("distance", [0, 1, 1023, 1024, 1025])
def test_at_the_ends_a_new_position_stays_within_the_limits(api, alice, distance):
    make_todo(alice, position=-LIMIT + distance)
    make_list(alice, position=LIMIT - distance)
    phone = api(alice)
    todo, home = phone.post(TODOS, {"title": "x"}), phone.post(LISTS, {"name": "x"})
    room = max(distance - 1024, 0)
    assert (todo.status_code, todo.json()["position"]) == (201, -LIMIT + room)
    assert (home.status_code, home.json()["position"]) == (201, LIMIT - room)


def test_the_operator_adds_within_the_limits_too(web, staff, alice):
    operator = web(staff)
    todo, home = make_todo(alice, position=-LIMIT), make_list(alice, position=LIMIT)
    form = {"owner": alice.pk, "list": todo.list_id, "title": "new", "priority": 0}
    assert operator.post("/admin/todos/todo/add/", form).status_code == 302
    assert operator.post("/admin/todos/list/add/", {"owner": alice.pk, "name": "n"}).status_code
    assert Todo.objects.get(title="new").position == -LIMIT
    assert List.objects.get(name="n").position == LIMIT == home.position


def test_order_is_that_of_numbers_and_not_of_digits(api, web, alice, bob):
    numbers = [-LIMIT, -100, -10, -9, -1, 0, 2, 9, 10, 11, 100, 1000, LIMIT]
    for number in sorted(numbers, key=str):
        make_todo(alice, str(number), position=number)
        make_todo(bob, "bob's", position=number)
    expected = [str(number) for number in numbers]
    phone, url, seen = api(alice), f"{TODOS}?limit=1", []
    for _ in numbers:
        page = phone.get(url).json()
        seen += [row["title"] for row in page["results"]]
        url = page["next"]
    assert (seen, url) == (expected, None)
    assert titles(web(alice).get(PAGE)) == expected


@pytest.mark.parametrize("amount", [9, 10, 11, 100])
def test_the_page_counts_in_several_digits(browser, alice, bob, amount):
    make_todo(bob)
    home = List.objects.inbox_of(alice)
    rows = [Todo(owner=alice, list=home, title=str(number)) for number in range(amount)]
    Todo.objects.bulk_create(rows)
    make_todo(alice).finish()
    assert f'role="status">{amount} items left<' in "".join(browser.get(PAGE).text.split("\n"))
