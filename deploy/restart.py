"""Starts every process of a stage anew, so that parameters which were changed are read.

python -m deploy.restart dev      make restart STAGE=dev
"""

import argparse

from deploy import aws, functions
from deploy.progress import done, step


def restart(stage: str) -> None:
    """A changed variable makes Lambda end the processes that were started without it."""
    for function in (aws.function_name(stage), aws.function_name(aws.ops_stage(stage))):
        if functions.exists(function):
            functions.tell(function, {"STARTED_AT": aws.now()})
            done(f"{function} starts anew")


def main() -> None:
    parser = argparse.ArgumentParser(description="Start every process of a stage anew.")
    parser.add_argument("stage", type=aws.serving_stage)
    stage = parser.parse_args().stage
    step(f"Restart of {stage}")
    restart(stage)


if __name__ == "__main__":
    main()
