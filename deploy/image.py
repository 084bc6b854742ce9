"""Writes the files of a container image, which equal those of the zip.

python -m deploy.image dev      make image STAGE=dev
"""

import shutil
import zipfile
from pathlib import Path

from deploy import aws, release
from deploy.progress import done

FOLDER = Path("build/image")  # Dockerfile copies this folder


def write(stage: str) -> None:
    package, build_id = release.packaged(stage)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(FOLDER)
    done(f"{FOLDER} is build {build_id}")


if __name__ == "__main__":
    write(aws.stage_argument("Write the files of an image."))
