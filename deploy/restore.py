"""Restores the database of a stage from a snapshot.

    python -m deploy.restore dev nudge-restored      make restore STAGE=dev SNAPSHOT=nudge-restored

Then every device syncs from the start, because it may have newer data than the snapshot. Messages
are switched off, because those that are queued in the snapshot may have been sent since.
"""

import argparse
import sys

from deploy import aws, functions, interruption, release, stack
from deploy.progress import step

DEVICES = "begin_epoch"


def restore(stage: str, snapshot: str) -> None:
    """Raises SystemExit if the stack has no database, before anything is changed."""
    if not stack.databases(stage):
        raise SystemExit(
            f"{stack.name(stage)} has no database. Restore it where it is, then run "
            f'`make manage STAGE={stage} CMD="{DEVICES}"`.'
        )
    step(f"Messages of {stage} are switched off")
    stack.put_parameter(stage, "SMS_ENABLED", "False")
    step(f"The database of {stage}, from {snapshot}")
    stack.apply(stage, {"DatabaseSnapshot": snapshot})
    # The previous version knows only the former database, so it gets no traffic. If the new code
    # fails, the previous code serves with the present variables.
    release.release(stage, commands=(DEVICES,), at_once=True, go_back=functions.restore)
    sys.stdout.write(
        "Look at the log of messages in the admin. Then send again: set the parameter SMS_ENABLED "
        f"to True and run `make restart STAGE={stage}`.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a stage from a snapshot of its database.")
    parser.add_argument("stage", type=aws.serving_stage)
    parser.add_argument("snapshot")
    arguments = parser.parse_args()
    interruption.sigterm_is_ctrl_c()
    restore(arguments.stage, arguments.snapshot)


if __name__ == "__main__":
    main()
