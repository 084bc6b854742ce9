"""Rolls a stage back to the previous version.

    python -m deploy.rollback dev      make rollback STAGE=dev

`zappa rollback` also republishes code, but prints "Done!" even if it changed nothing, and does not
check whether the older code serves. The database stays: migrations expand, then contract.
"""

from deploy import aws, functions, interruption, live, lock, smoke, versions
from deploy.progress import step


def rollback(stage: str) -> None:
    """Roll back both functions. If the older code fails, restores the current and raises
    SystemExit.
    """
    function = aws.function_name(stage)
    if not functions.exists(function):
        raise SystemExit(f"{function} is not deployed.")
    published, aliased = versions.published(function), live.serving(function)
    if newest := versions.of(functions.configuration(function)["CodeSha256"], published):
        present = aliased or str(newest.number)
        earlier = versions.before(newest.digest, published)
    else:  # a deploy stopped before it published its code; the alias names the previous version
        present = aliased
        earlier = next((each for each in published if str(each.number) == aliased), None)
    if not earlier:
        raise SystemExit(f"{function} has no previous version.")
    try:
        functions.restore(function, str(earlier.number))
        smoke.check(stage)
    except BaseException as error:
        with interruption.ignored():
            functions.take_back(function, present)
        if not isinstance(error, smoke.SmokeError):
            raise
        raise SystemExit(f"The previous version does not serve; this one stays.\n{error}") from None
    _follow(aws.function_name(aws.ops_stage(stage)), earlier.digest)


def _follow(operations: str, digest: str) -> None:
    """Give the operations function the same code, if it has such a version."""
    if not functions.exists(operations):
        return
    if same := versions.of(digest, versions.published(operations)):
        functions.restore(operations, str(same.number))


def main() -> None:
    stage = aws.stage_argument("Roll back to the previous version.")
    interruption.sigterm_is_ctrl_c()
    step(f"Rollback of {stage}")
    with lock.held(stage):
        rollback(stage)


if __name__ == "__main__":
    main()
