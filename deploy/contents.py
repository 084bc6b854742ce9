"""The contents of the package for Lambda, and files that it must never contain."""

import re
from fnmatch import fnmatch
from pathlib import PurePosixPath

# The folders of settings.LANGUAGES; other catalogues are omitted.
LANGUAGES = {"en", "zh_Hans"}

# Folders and files of the project.
PROJECT = (
    "accounts",
    "config",
    "core",
    "serverless",
    "sms",
    "todos",
    "templates",
    "locale",
    "staticfiles/staticfiles.json",
)
REQUIRED = (
    "config/settings/__init__.py",
    "serverless/handler.py",
    "staticfiles/staticfiles.json",
)

# Zappa and its dependencies, which the running service does not need.
ONLY_FOR_DEPLOYING = {
    "argcomplete",
    "cfn-flip",
    "click",
    "durationpy",
    "hjson",
    "markupsafe",
    "pip",
    "placebo",
    "python-slugify",
    "setuptools",
    "text-unidecode",
    "toml",
    "tqdm",
    "troposphere",
    "werkzeug",
    "wheel",
    "zappa",
}
# Build dependencies of cryptography, and imports of `manage.py spectacular --validate`.
ONLY_FOR_DEVELOPMENT = {
    "attrs",
    "jsonschema",
    "jsonschema-specifications",
    "pycparser",
    "referencing",
    "rpds-py",
}

NOT_PACKED = ONLY_FOR_DEPLOYING | ONLY_FOR_DEVELOPMENT

# The services with clients; the descriptions of the other 430 are omitted.
AWS_SERVICES = {
    "lambda",
    "pinpoint-sms-voice-v2",
    "s3",
    "sqs",
}

_NEVER_NEEDED = (
    "*.pyc",  # deploy/archive.py compiles bytecode in a form that Lambda accepts
    "*.pyi",
    "*/py.typed",
    "*.po",
    "*.c",
    "*.map",
    "*.tar.gz",
    "*/examples-1.json",  # for the documentation of botocore
    "bin/*",
    "*/tests/*",
    "*/static/*",  # served by S3
    "allauth/headless/spec/doc/*",
    "allauth/idp/*",
    "charset_normalizer/*.so",  # Python versions of the same modules exist
    "cffi/*",  # cryptography needs only _cffi_backend
    "botocore/cacert.pem",  # that of certifi is used
    "tzdata/zoneinfo/*.tab",
    "tzdata/zoneinfo/*.zi",
    "urllib3/contrib/emscripten/*",
    "yaml/_yaml.*",  # PyYAML also works without libyaml
    # Only the server of fido2; the rest communicates with keys.
    "fido2/attestation/*",
    "fido2/client/*",
    "fido2/ctap*",
    "fido2/hid/*",
    "fido2/mds3.py",
    "fido2/pcsc.py",
    "qrcode/console_scripts.py",
    "django/contrib/flatpages/*",
    "django/contrib/gis/*",
    "django/contrib/postgres/*",  # optional for Django REST framework
    "django/contrib/redirects/*",
    "django/db/backends/mysql/*",
    "django/db/backends/oracle/*",
    "packaging/licenses/*",
    "phonenumbers/shortdata/region_*",
    "psycopg/pq/*pq_ctypes*",  # psycopg_binary is used
    "storages/backends/[!_s]*",  # other clouds
    "storages/backends/sftpstorage.py",
    "allauth/socialaccount/providers/*/*",
)

_FORBIDDEN = (
    ".env*",
    "*/.env*",
    "*.sqlite3*",
    ".git/*",
    "*/.git/*",
    ".venv/*",
    "tests/*",
    "*/tests/*",
    "deploy/*",
    "localcloud/*",
    "benchmarks/*",
    "*.log",
    "*.pem",
    "*.key",
    "zappa_settings.json",
    "*test_settings*",
)
_FORBIDDEN_BUT = {"certifi/cacert.pem"}  # public certificates


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(requirements: str) -> dict[str, str]:
    """Normalized name -> entry with hashes, from a compiled requirements file."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", requirements)[1:]
    return {normalized(entry.partition("==")[0]): entry for entry in entries}


def requirements_on_lambda(requirements: str) -> str:
    wanted = pins(requirements).items()
    return "".join(entry for name, entry in wanted if name not in NOT_PACKED)


def is_needed(name: str) -> bool:
    path = PurePosixPath(name)
    if any(fnmatch(name, pattern) for pattern in _NEVER_NEEDED):
        return False
    if ".dist-info" in path.parts[0]:
        return path.name in {"METADATA", "entry_points.txt"}
    if path.parts[:2] == ("botocore", "data") and len(path.parts) > 3:
        return path.parts[2] in AWS_SERVICES
    if path.parts[:2] == ("boto3", "data"):
        return path.parts[2] in AWS_SERVICES
    return _is_supported_language(path)


def is_forbidden(name: str) -> bool:
    return name not in _FORBIDDEN_BUT and any(fnmatch(name, pattern) for pattern in _FORBIDDEN)


def _is_supported_language(path: PurePosixPath) -> bool:
    if "locale" not in path.parts[:-1]:
        return True
    after = path.parts[path.parts.index("locale") + 1]
    return after == "__init__.py" or after in LANGUAGES
