"""`collectstatic` for a bucket: hashed names, parallel uploads, missing files only."""

import functools
import hashlib
import mimetypes
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.storage import FileSystemStorage

from core.static import HashedStorage

THREADS = 10  # botocore's default number of connections
FOR_EVER = "public, max-age=31536000, immutable"  # a changed file has another name
SHORTLY = "public, max-age=300"  # original names, which a few files refer to

# Files that no page uses: of 13 MB, 6.5 MB are source maps, and 1 MB is an unused viewer. The admin
# uses the minified form of each library.
UNSERVED = (
    "*.map",
    "admin/js/vendor/jquery/jquery.js",
    "admin/js/vendor/select2/select2.full.js",
    "admin/js/vendor/xregexp/xregexp.js",
    "drf_spectacular_sidecar/redoc/*",
)


class StaticBucketStorage(HashedStorage):
    """Collects into an empty folder, then uploads the missing files, and deletes none.

    So an error during processing does not change the bucket, and every version of the pages finds
    its files, also during a deploy and after a rollback. The bucket is private, behind a CDN that
    compresses: no ACL, no gzip. The manifest is written to STATIC_ROOT for the package.
    """

    # Django's patterns without those for source maps, because it fails if a source map is missing.
    patterns = tuple(
        (files, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for files, rules in HashedFilesMixin.patterns
    )

    def __init__(self, *, bucket_name: str) -> None:
        folder = tempfile.mkdtemp(prefix="nudge-static-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        super().__init__(location=folder, manifest_storage=FileSystemStorage(settings.STATIC_ROOT))
        self.bucket_name = bucket_name

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        served = {name: paths[name] for name in paths if not _is_unserved(name)}
        try:
            yield from super().post_process(served, *args, **options)
        finally:
            # Otherwise another collectstatic in this process would skip files by their dates.
            shutil.rmtree(self.location, ignore_errors=True)

    def save_manifest(self) -> None:
        """Upload first: as the last step, so that the manifest never refers to a missing file."""
        self._upload()
        super().save_manifest()

    def _upload(self) -> None:
        """Upload hashed files first, because they must exist before others refer to them."""
        stored = dict(self._stored())
        for names, kept in (
            (set(self.hashed_files.values()), FOR_EVER),
            (set(self.hashed_files), SHORTLY),
        ):
            missing = [name for name in names if stored.get(name) != self._digest(name)]
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(functools.partial(self._put, kept), missing))

    def _stored(self) -> Iterator[tuple[str, str]]:
        pages = _client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name)
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"], item["ETag"].strip('"')

    def _digest(self, name: str) -> str:
        """The MD5, which is the ETag in S3, unless KMS encrypts; then all are uploaded again."""
        with self.open(name) as file:
            return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()

    def _put(self, cache_control: str, name: str) -> None:
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        with self.open(name) as file:
            _client().put_object(
                Bucket=self.bucket_name,
                Key=name,
                Body=file.read(),
                CacheControl=cache_control,
                ContentType=content_type,
            )


@functools.cache
def _client() -> Any:
    """One client for all threads, because botocore's clients are thread-safe."""
    import boto3

    return boto3.client("s3")


def _is_unserved(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in UNSERVED)
