"""One mailbox, however its address is written."""

import pytest

from accounts.mailboxes import canonical, key_of

ONE = {
    "alice@example.com": [
        "Alice@Example.COM",
        " alice@example.com ",
        '"alice"@example.com',
        r'"al\ice"@example.com',
        "\uff41lice@\uff45xample.com",
        "alice\uff20example\uff0ecom",
        "alice@ⓔxample.com",
    ],
    "karl@example.com": ["\N{KELVIN SIGN}arl@example.com", "KARL@EXAMPLE.COM"],
    "user@xn--mnchen-3ya.de": [
        "user@münchen.de",
        "user@MÜNCHEN.de",
        "user@mu\N{COMBINING DIAERESIS}nchen.de",
        "user@xn--mnchen-3ya.de",
        "user@XN--MNCHEN-3YA.DE",
        "user@münchen。de",
    ],
    "user@xn--istanbul-o0e.com": ["user@İstanbul.com", "user@i̇stanbul.com"],
    "user@xn--strae-oqa.de": ["user@straße.de", "user@STRAẞE.de"],
}


@pytest.mark.parametrize(
    ("spelling", "mailbox"),
    [(spelling, mailbox) for mailbox, spellings in ONE.items() for spelling in spellings],
)
def test_every_spelling_is_one_mailbox(spelling, mailbox):
    assert (canonical(spelling), canonical(canonical(spelling))) == (mailbox, mailbox)
    assert key_of(spelling) == mailbox


@pytest.mark.parametrize(
    "other",
    ["user@strasse.de", "alice+x@example.com", "a.lice@example.com", "alice@example.co", "alice"],
)
def test_another_mailbox_is_another(other):
    assert canonical(other) == other


@pytest.mark.parametrize(
    "text",
    [
        *('"a b"@example.com', '"a@b"@example.com', "user@xn--a.de", "user@é_.de", "a@\u200bé..de"),
        *("josé@example.com", "\u200ba@a.com", "a@b\uff20a.com"),
        *("user@[127.0.0.1]", "user@[::1]", "user@[0::1]"),
    ],
)
def test_what_cannot_be_mailed_has_no_form(text):
    with pytest.raises(ValueError, match=r"."):
        canonical(text)
    assert key_of(f" {text.upper()} ") == text.lower()


def test_a_letter_that_django_takes_for_ascii_is_none():
    for letter in ("\N{LATIN SMALL LETTER DOTLESS I}", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"):
        with pytest.raises(ValueError, match=r"."):
            canonical(f"al{letter}ce@example.com")
