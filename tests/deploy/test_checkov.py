"""What checkov finds in the template is answered one by one; `make audit` runs it."""

import io
import json
import tomllib

import pytest

from tests.deploy import checkov
from tests.deploy.cloudformation import source


def report(*found: tuple[str, str]) -> str:
    failed = [
        {"check_id": check, "resource": f"AWS::S3::Bucket.{name}", "check_name": "..."}
        for check, name in found
    ]
    return json.dumps({"results": {"passed_checks": [], "failed_checks": failed}})


def test_each_answer_is_a_sentence_about_resources_of_the_template():
    answered = tomllib.loads(checkov.ANSWERS.read_text())
    assert [check for check, each in answered.items() if not each["answer"].endswith(".")] == []
    assert {name for _check, name in checkov.answers()} <= set(source()["Resources"])


def test_a_finding_without_an_answer_is_named_and_an_answer_without_a_finding(monkeypatch):
    answered = sorted(checkov.answers())
    monkeypatch.setattr("sys.stdin", io.StringIO(report(*answered)))
    checkov.main()
    monkeypatch.setattr("sys.stdin", io.StringIO(report(("CKV_NEW", "Role"), *answered[1:])))
    check, name = answered[0]
    gone = f"{check} of {name} is not found any more"
    with pytest.raises(SystemExit, match=f"CKV_NEW of Role has no answer\n{gone}"):
        checkov.main()
