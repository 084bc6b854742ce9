"""Compares what checkov finds in the template with the answers in checkov.toml.

checkov ... --output json | python -m tests.deploy.checkov
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).with_suffix(".toml")

Finding = tuple[str, str]  # the check, and the name of the resource


def answers() -> set[Finding]:
    checks: dict[str, Any] = tomllib.loads(ANSWERS.read_text())
    return {(check, name) for check, each in checks.items() for name in each["resources"]}


def findings(report: dict[str, Any]) -> set[Finding]:
    failed = report["results"]["failed_checks"]
    return {(each["check_id"], each["resource"].rpartition(".")[2]) for each in failed}


def differences(found: set[Finding], answered: set[Finding]) -> list[str]:
    return [
        *(f"{check} of {name} has no answer" for check, name in sorted(found - answered)),
        *(f"{check} of {name} is not found any more" for check, name in sorted(answered - found)),
    ]


def main() -> None:
    wrong = differences(findings(json.load(sys.stdin)), answers())
    if wrong:
        raise SystemExit("\n".join([f"{ANSWERS.name}:", *wrong]))


if __name__ == "__main__":
    main()
