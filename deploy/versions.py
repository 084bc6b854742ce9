"""The published versions of a function."""

from dataclasses import dataclass

from deploy import aws


@dataclass(frozen=True, order=True)
class Version:
    """A published version; the digest identifies its code."""

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
    """The newest version that was published before this code was first published.

    Not simply the newest version with other code: a rollback republishes older code, so that
    version may be the failed build.
    """
    first = min((each for each in versions if each.digest == digest), default=None)
    earlier = [each for each in versions if first and each.number < first.number]
    return max(earlier, default=None)
