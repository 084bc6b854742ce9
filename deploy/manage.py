"""Runs a management command on Lambda, in the operations function with its 15 minutes.

python -m deploy.manage dev "check --deploy"      make manage STAGE=dev CMD="check --deploy"
"""

import argparse
import sys

from deploy import aws, functions, release


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a management command inside Lambda.")
    parser.add_argument("stage")
    parser.add_argument("command", help="in quotes: split at blanks, as Zappa does")
    arguments = parser.parse_args()
    if not arguments.command.strip():
        raise SystemExit('Name a command: make manage STAGE=dev CMD="check --deploy"')
    operations = aws.function_name(aws.ops_stage(arguments.stage))
    function = operations if functions.exists(operations) else aws.function_name(arguments.stage)
    try:
        sys.stdout.write(release.manage(function, arguments.command) + "\n")
    except release.ManageError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
