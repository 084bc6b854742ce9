"""The published versions of a function: the one that serves, and the one before it."""

from dataclasses import dataclass

from deploy import aws


@dataclass(frozen=True, order=True)
class Version:
    """One published version; the digest identifies its code."""

    number: int
    digest: str


def published(function: str) -> list[Version]:
    pages = aws.client("lambda").get_paginator("list_versions_by_function")
    return [
        Version(int(version["Version"]), version["CodeSha256"])
        for page in pages.paginate(FunctionName=function)
        for version in page["Versions"]
        if version["Version"] != "$LATEST"
    ]


def of(digest: str, versions: list[Version]) -> Version | None:
    return max((each for each in versions if each.digest == digest), default=None)


def before(digest: str, versions: list[Version]) -> Version | None:
    """The newest version that was published before this code first was.

    Not simply the newest with other code: a rollback publishes the older code again, so the newest
    other one may be the build that failed.
    """
    first = min((each for each in versions if each.digest == digest), default=None)
    earlier = [each for each in versions if first and each.number < first.number]
    return max(earlier, default=None)
