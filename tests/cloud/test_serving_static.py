"""Static files: all that the package names are in the bucket, told as what they are, for ever."""

import io
import json
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import PurePosixPath

import pytest
import requests

from tests.cloud.local import TIMEOUT, Cloud

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {
    "css": {"text/css"},
    "gif": {"image/gif"},
    "html": {"text/html"},
    "js": {"text/javascript", "application/javascript"},
    "json": {"application/json"},
    "png": {"image/png"},
    "svg": {"image/svg+xml"},
    "webmanifest": {"application/manifest+json"},
    "woff": {"font/woff", "application/font-woff"},
    "woff2": {"font/woff2"},
}
WITHOUT_A_PAGE = {"", "txt", "md", "ttf", "eot"}  # licences, fonts of old browsers
ADDRESS = re.compile(r"(?:href|src)=\"([^\"]+\.(?:css|js|svg|png|webmanifest))\"")


@pytest.fixture(scope="module")
def static(cloud: Cloud) -> str:
    function = cloud.client("lambda").get_function_configuration(FunctionName="nudge-dev")
    return function["Environment"]["Variables"]["STATIC_URL"]


@pytest.fixture(scope="module")
def manifest(cloud: Cloud) -> dict[str, str]:
    """Of the package that serves, not of this folder."""
    code = cloud.client("lambda").get_function(FunctionName="nudge-dev")["Code"]
    archive = requests.get(code["Location"], timeout=TIMEOUT).content
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        return json.loads(package.read("staticfiles/staticfiles.json"))["paths"]


def fault(url: str) -> str:
    """What is wrong with this file; nothing where all is well."""
    with requests.get(url, timeout=TIMEOUT) as answer:
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        told = (answer.status_code, answer.headers.get("Cache-Control"))
    expected = TYPES.get(url.rpartition(".")[2])
    if expected is not None and kind not in expected:
        return f"{url} is {kind}"
    return "" if told == (HTTPStatus.OK, FOR_EVER) else f"{url}: {told}"


def test_every_file_that_the_package_names_is_in_the_bucket(static, manifest):
    assert len(manifest) > 50
    with ThreadPoolExecutor(8) as pool:
        faults = list(pool.map(fault, [static + name for name in manifest.values()]))
    assert [found for found in faults if found] == []


def test_every_kind_of_file_is_known(manifest):
    """So that the test above looks at the type of each."""
    kinds = {PurePosixPath(name).suffix.removeprefix(".") for name in manifest}
    assert kinds - set(TYPES) <= WITHOUT_A_PAGE


def test_a_page_names_files_of_the_bucket_only(cloud, static, manifest):
    page = requests.get(f"{cloud.address}auth/login/", timeout=TIMEOUT).text
    named = [found for found in ADDRESS.findall(page) if not found.endswith(".webmanifest")]
    assert len(named) > 3
    assert {address.removeprefix(static) for address in named} <= set(manifest.values())


def test_a_file_that_is_not_there_is_not_served_by_the_function(cloud):
    answer = requests.get(f"{cloud.address}static/css/app.css", timeout=TIMEOUT)
    assert answer.status_code == 404
