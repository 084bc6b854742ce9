"""Static files: uploaded to S3 under names that carry their content's hash, once for ever.

The manifest (name -> hashed name) goes into the package, so that code and files always match, also
after a rollback: older files stay in the bucket.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from deploy import aws

MANIFEST = Path("staticfiles/staticfiles.json")


class CollectError(Exception):
    """`collectstatic` ended with an error."""


def url(outputs: dict[str, str]) -> str:
    """Where browsers fetch the files; a local AWS answers for its buckets under its own address."""
    if outputs.get("StaticBucket") and (local := aws.endpoint()):
        return f"{local}/{outputs['StaticBucket']}/"
    return outputs.get("StaticUrl", "")


def collect(outputs: dict[str, str]) -> None:
    """Upload what the bucket lacks and write the manifest; without a bucket only the manifest."""
    bucket = outputs.get("StaticBucket", "")
    environment = {
        **os.environ,
        "DEBUG": "True",  # development: nothing of a running stage is needed here
        "STATIC_BUCKET": bucket,
        "STATIC_URL": url(outputs) or "/static/",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode or not MANIFEST.exists():
        raise CollectError(f"collectstatic failed:\n{ended.stderr[-2000:]}")
    where = urlsplit(url(outputs)).netloc or "this machine only"
    sys.stdout.write(f"Static files are collected ({where}).\n")
