"""Quick capture: what is typed is what is stored, once each, whatever the network does."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import add, all_sent, eventually, open_page, stored, titles

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
TITLES = [f"{word} {number}" for number, word in enumerate(["milk", "eggs", "bread", "tea"] * 5)]


# What becomes of the n-th request to the server, on the way there or back.
NETWORKS = {
    "at once": "return send();",
    "0.8 s": "await wait(800); return send();",
    "cut": "if (n > 0 && n < 4) throw new TypeError('cut'); return send();",
    "lost": "const answer = await send(); if (n % 2) return answer; throw new TypeError('lost');",
}


def behaves(page: Page, network: str) -> None:
    page.add_init_script(
        f"""
        const real = fetch, wait = (time) => new Promise((done) => setTimeout(done, time));
        let count = 0;
        const through = async (n, send) => {{ {network} }};
        globalThis.fetch = (address, ...rest) => String(address).includes("/sync/")
            ? through(count++, () => real(address, ...rest)) : real(address, ...rest);
        """
    )


def type_all(page: Page) -> None:
    page.keyboard.press("n")
    for title in TITLES:
        page.keyboard.type(title, delay=30)
        page.keyboard.press("Enter")


@pytest.mark.parametrize(
    "network", [pytest.param("at once", marks=pytest.mark.nightly), "0.8 s", "cut", "lost"]
)
def test_twenty_titles_typed_quickly_are_twenty_todos(visit, alice, bob, network):
    page = visit(as_=alice)
    behaves(page, NETWORKS[network])
    open_page(page)

    type_all(page)

    assert titles(page) == TITLES[::-1]
    eventually(lambda: stored(alice), TITLES[::-1], page, seconds=30)
    all_sent(page)
    assert stored(bob) == []


@pytest.mark.nightly
def test_twenty_titles_while_an_answer_takes_three_seconds(visit, alice):
    page = visit(as_=alice)
    behaves(page, "await wait(3000); return send();")
    open_page(page)

    type_all(page)

    eventually(lambda: stored(alice), TITLES[::-1], page, seconds=60)


def test_several_pasted_lines_are_several_todos_after_one_question(visit, alice):
    page = visit(as_=alice)
    open_page(page)
    page.get_by_label("New to-do").focus()
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.setData("text/plain", "- milk\\n- eggs\\n- bread");
        const event = new ClipboardEvent("paste", {
            clipboardData: data, bubbles: true, cancelable: true,
        });
        document.activeElement.dispatchEvent(event);
    }""")

    page.get_by_role("button", name="Add 3 to-dos").click()

    expect(page.get_by_label("New to-do")).to_be_focused()
    eventually(lambda: stored(alice), ["milk", "eggs", "bread"], page)


def test_a_screen_reader_hears_each_new_todo(visit, alice):
    page = visit(as_=alice)
    open_page(page)
    region = page.get_by_role("status").filter(has_text="Added")

    add(page, "milk")
    expect(region).to_have_text("Added: milk")
    region.locator("span").evaluate("it => { it.id = 'said'; }")
    page.get_by_label("New to-do").fill("milk")
    page.get_by_label("New to-do").press("Enter")

    # The same words are said again only if they stand in a new element.
    expect(region.locator("span:not(#said)")).to_have_text("Added: milk")


def test_a_title_that_is_too_long_goes_to_the_notes(visit, alice):
    page = visit(as_=alice)
    open_page(page)
    page.get_by_label("New to-do").fill("x" * 129)
    page.get_by_label("New to-do").press("Enter")

    eventually(lambda: stored(alice), ["x" * 127 + "…"], page)
    assert stored(alice, notes="x" * 129) == ["x" * 127 + "…"]
