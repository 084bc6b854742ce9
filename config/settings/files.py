"""Static files and uploads."""

from typing import Any

from config import env
from config.settings.runtime import BASE_DIR, ON_LAMBDA

MANIFEST = "core.static.HashedStorage"
MANIFEST_NAME = "staticfiles.json"
PRESIGNED_SECONDS = 900  # the lifetime of a link to an upload


def storages(*, hashed: bool, static_bucket: str, media_bucket: str) -> dict[str, Any]:
    """`hashed`: pages use the hashed names of static files in the manifest in STATIC_ROOT."""
    return {"default": _media(media_bucket), "staticfiles": _static(static_bucket, hashed=hashed)}


def _static(bucket: str, *, hashed: bool) -> dict[str, Any]:
    """Only collectstatic writes to the bucket; pages need only the manifest."""
    if bucket:
        options = {"bucket_name": bucket}
        return {"BACKEND": "serverless.static.StaticBucketStorage", "OPTIONS": options}
    if hashed:
        return {"BACKEND": MANIFEST}
    return {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def _media(bucket: str) -> dict[str, Any]:
    """Uploads are private; a user who may see one gets a link that expires.

    No ACL, because S3 refuses ACLs in a bucket with an enforced owner. Version 4 signatures and the
    regional endpoint, because regions since 2014 support nothing else.
    """
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    options = {
        "bucket_name": bucket,
        "querystring_auth": True,
        "querystring_expire": PRESIGNED_SECONDS,
        "signature_version": "s3v4",
        "addressing_style": "virtual",
        "file_overwrite": False,
        "default_acl": None,
    }
    return {"BACKEND": "serverless.media.MediaStorage", "OPTIONS": options}


STATIC_URL = env.text("STATIC_URL", default="static/")
STATIC_ROOT = BASE_DIR / "staticfiles"  # has the manifest, also in the package for Lambda
STATICFILES_DIRS = [*BASE_DIR.glob("static")]  # not in the package for Lambda
MEDIA_ROOT = BASE_DIR / "media"
STORAGES = storages(
    # Without STATIC_URL, the package serves them, if it has any (config/static.py).
    hashed=bool(env.text("STATIC_URL")) or (ON_LAMBDA and (STATIC_ROOT / MANIFEST_NAME).exists()),
    static_bucket=env.text("STATIC_BUCKET"),
    media_bucket=env.text("MEDIA_BUCKET"),
)
