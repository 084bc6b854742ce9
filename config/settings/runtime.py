"""The environment, hosts, secret key and language of this process."""

from pathlib import Path

from config import build_id, env, guard, logging
from serverless import parameters
from serverless.aws import Aws

BASE_DIR = Path(__file__).resolve().parent.parent.parent

parameters.load(
    env.text("PARAMETERS_PATH"), Aws(env.text), env.use
)  # first, because the other settings read them
LAMBDA_FUNCTION = env.text("AWS_LAMBDA_FUNCTION_NAME")
LAMBDA_VERSION = env.text("AWS_LAMBDA_FUNCTION_VERSION")
ON_LAMBDA = bool(LAMBDA_FUNCTION)
DEBUG = env.flag("DEBUG", default=not ON_LAMBDA)
PRODUCTION = ON_LAMBDA or not DEBUG
VERSION = env.text("BUILD_ID", default=build_id())  # shown by /readyz/

SECRET_KEY = env.text("SECRET_KEY", default="" if PRODUCTION else guard.DEV_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.names("OLD_SECRET_KEYS")  # during the rotation of a key
# With DEBUG an empty list means this machine only. The deploy sets API_URL.
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS"), *env.hosts("API_URL", "PUBLIC_BASE_URL")]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]  # only complete translations
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
LOGGING = logging.logging_config(json_lines=PRODUCTION)
