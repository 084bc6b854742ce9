"""What Zappa writes into the package, for the handler in this process."""

from types import ModuleType


def settings_module() -> ModuleType:
    """What Zappa writes into the package, with the settings of zappa_settings.json."""
    module = ModuleType("zappa_settings")
    vars(module).update(
        APP_MODULE="config.wsgi",
        APP_FUNCTION="application",
        DJANGO_SETTINGS="config.settings",
        API_STAGE="dev",
        PROJECT_NAME="nudge",
        DEBUG=False,
        LOG_LEVEL="INFO",
        DOMAIN=None,
        BASE_PATH=None,
        BINARY_SUPPORT=True,
        CONTEXT_HEADER_MAPPINGS={},
        ENVIRONMENT_VARIABLES={},
        EXCEPTION_HANDLER=None,
        AWS_EVENT_MAPPING={},
    )
    return module
