"""What is wrong with a request to POST /service/sms/send is said in the seed's shape."""

import json

import pytest

from core.models import Counter
from sms.models import Message
from tests.sms.conftest import URL, assert_failure

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "msg: This field is required."),
        ("{}", "msg: This field is required."),
        ('{"msg": null}', "msg: This field may not be null."),
        ('{"msg": ""}', "msg: This field may not be blank."),
        ('{"msg": " \\n\\t "}', "msg: This field may not be blank."),
        ('{"msg": "\\u200b\\u00ad\\u0007\\ufeff"}', "msg: This field may not be blank."),
        (
            json.dumps({"msg": "a" * 613}),
            "msg: The message is too long: it has 5 segments, at most 4 are allowed.",
        ),
        (
            json.dumps({"msg": "中" * 269}, ensure_ascii=False),
            "msg: The message is too long: it has 5 segments, at most 4 are allowed.",
        ),
        ('{"msg": 123}', "msg: Not a valid string."),
        ('{"msg": true}', "msg: Not a valid string."),
        ('{"msg": ["a"]}', "msg: Not a valid string."),
        ('{"msg": {"a": 1}}', "msg: Not a valid string."),
        ('{"msg": "a\\u0000b"}', "msg: Null characters are not allowed."),
        (
            json.dumps({"msg": "a" * 1601}),
            "msg: Ensure this field has no more than 1600 characters.",
        ),
        ('{"msg": "a", "to": "+1"}', "to: There is no such field."),
        (
            '{"to": "+1", "from": "+1"}',
            (
                "msg: This field is required. from: There is no such field. "
                "to: There is no such field."
            ),
        ),
        ("[]", "Invalid data. Expected a dictionary, but got list."),
        ('"hey"', "Invalid data. Expected a dictionary, but got str."),
        ("5", "Invalid data. Expected a dictionary, but got int."),
        ("msg=hey", None),
        ('{"msg": "a"', None),
        ("{'msg': 'a'}", None),
        ('{"msg": NaN}', None),
        ("[" * 6000 + "]" * 6000, None),
        ('{"msg": ' + "[" * 6000 + "]" * 6000 + "}", None),
        (b"\xff\xfe", None),
        (b'{"msg": "\xff"}', None),
        ('{"msg": "\\ud800"}', None),
        ('{"msg": ' + "9" * 5000 + "}", None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_wrong_body_is_400_and_says_what_is_wrong(phone, provider, body, message):
    response = phone.post(URL, body, content_type="application/json")
    assert_failure(response, 400, message)
    counted = Counter.objects.filter(scope__startswith="sms:").count()
    assert (provider.sent, Message.objects.count(), counted) == ([], 0, 0)


@pytest.mark.parametrize("text", ["a" * 612, "é😀", "<b>&amp;</b>", "a\r\nb", "a\u202e", "123"])
def test_every_text_arrives_as_it_was(phone, provider, text):
    assert phone.post(URL, {"msg": text}).status_code == 201
    assert provider.sent[0]["body"] == Message.objects.get().body == text


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; x=y"]
)
def test_another_content_type_is_415(phone, provider, content_type):
    assert_failure(phone.post(URL, b"msg=hey", content_type=content_type), 415)
    assert provider.sent == []


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_json_however_it_is_spelt(phone, content_type):
    assert phone.post(URL, b'{"msg": "a"}', content_type=content_type).status_code == 201


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete", "options"])
def test_another_verb_is_405(phone, provider, verb):
    response = getattr(phone, verb)(URL, {"msg": "hey"})
    assert_failure(response, 405)
    assert response["Allow"] == "POST"
    assert provider.sent == []


def test_a_body_over_the_limit_is_413(phone, provider):
    assert_failure(phone.post(URL, {"msg": "a" * 70_000}), 413)
    assert provider.sent == []


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense"])
@pytest.mark.parametrize("suffix", ["", "?format=xml"])
def test_whatever_is_accepted_the_answer_is_json(phone, accept, suffix):
    response = phone.post(URL + suffix, {}, headers={"Accept": accept})
    assert_failure(response, 400, "msg: This field is required.")


def test_a_slash_more_is_another_path(phone, provider):
    assert_failure(phone.post(URL + "/", {"msg": "hey"}), 404)
    assert provider.sent == []
