import pytest

from sms.numbers import is_e164, masked, with_masked_numbers


@pytest.mark.parametrize("number", ["+15005550006", "+4915112345678", "+" + "9" * 15])
def test_an_international_number_is_e164(number):
    assert is_e164(number)


@pytest.mark.parametrize(
    "number",
    [
        *("", "+", "15005550006", "+05005550006", "+1 500", "+1500555000a", "+15\n"),
        "+" + "9" * 16,
        "+\u0661\u0662\u0663\u0664",
    ],
)
def test_anything_else_is_not(number):
    assert not is_e164(number)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("", ""), ("+15005550006", "+…06"), ("015112345678", "…78"), ("1234", "…"), ("+123", "+…")],
)
def test_two_digits_stay(number, shown):
    assert masked(number) == shown


def test_numbers_within_a_text_are_masked_and_codes_stay():
    text = "Error 21211: The 'To' number +15005550001 is not valid, nor is 4915112345678."
    assert with_masked_numbers(text) == (
        "Error 21211: The 'To' number +…01 is not valid, nor is …78."
    )
