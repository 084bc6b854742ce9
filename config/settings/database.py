from config import database, env
from config.settings.runtime import BASE_DIR

DATABASE_SECRET_ARN = env.text("DATABASE_SECRET_ARN")
DATABASE_NAMED_TWICE = bool(DATABASE_SECRET_ARN and env.text("DATABASE_URL"))
_database = database.managed(
    secret_arn=DATABASE_SECRET_ARN, host=env.text("DATABASE_HOST"), name=env.text("DATABASE_NAME")
) or env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/db.sqlite3")
DATABASES = {"default": database.tuned(_database)}
DATABASE_ROLE_DEFAULTS = database.role_defaults(pooled=env.flag("DATABASE_POOLED", default=False))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
