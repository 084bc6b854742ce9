"""Static files: uploaded to S3 once, under names with a content hash. Without a bucket they are in
the package, and the function serves them.

The manifest (name -> hashed name) is part of the package, so that code and files always match, also
after a rollback, because older files stay in the bucket.
"""

import json
import os
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from deploy import aws

MANIFEST = Path("staticfiles/staticfiles.json")
# As in serverless/static.py, plus files that pages name but never load; the manifest needs those.
UNSERVED = (
    "*.map",
    "admin/js/vendor/jquery/jquery.js",
    "admin/js/vendor/select2/select2.full.js",
    "admin/js/vendor/xregexp/xregexp.js",
    "drf_spectacular_sidecar/redoc/*",
    "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-standalone-preset.js",
    # Every supported browser uses the WOFF files instead.
    "rest_framework/fonts/*.eot",
    "rest_framework/fonts/*.svg",
    "rest_framework/fonts/*.ttf",
)


class CollectError(Exception):
    """`collectstatic` ended with an error."""


def url(outputs: dict[str, str]) -> str:
    """The public URL of the files; a local AWS serves buckets under its own URL."""
    if outputs.get("StaticBucket") and (local := aws.endpoint()):
        return f"{local}/{outputs['StaticBucket']}/"
    return outputs.get("StaticUrl", "")


def packed(outputs: dict[str, str]) -> tuple[str, ...]:
    """The files in a package without a bucket, which config/static.py serves."""
    if outputs.get("StaticBucket"):
        return ()
    hashed = json.loads(MANIFEST.read_text())["paths"]
    served = [hashed[name] for name in hashed if not _is_unserved(name)]
    return tuple(str(MANIFEST.parent / name) for name in sorted(served))


def _is_unserved(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in UNSERVED)


def collect(outputs: dict[str, str]) -> None:
    """Upload missing files and write the manifest; without a bucket, write both locally."""
    bucket = outputs.get("StaticBucket", "")
    environment = {
        **os.environ,
        "DEBUG": "True",  # development settings: collectstatic needs none of the stage
        "STATIC_BUCKET": bucket,
        "STATIC_URL": url(outputs) or "/static/",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode or not MANIFEST.exists():
        raise CollectError(f"collectstatic failed:\n{ended.stderr[-2000:]}")
    where = urlsplit(url(outputs)).netloc or "in the package"
    sys.stdout.write(f"Static files are collected ({where}).\n")
