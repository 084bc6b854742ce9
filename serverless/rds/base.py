"""Django requires this module name for the DatabaseWrapper of an ENGINE."""

import logging
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from serverless.aws import CallError

logger = logging.getLogger(__name__)


class DatabaseWrapper(base.DatabaseWrapper):
    """Reads the login again if the server refuses the old password of a warm process.

    LOGIN in the database settings returns it. The threads of a process share these settings, so one
    thread reads it for all.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            if not (_password_was_asked(error) and self._renew_login(conn_params)):
                raise
        return super().get_new_connection(self.get_connection_params())

    def _renew_login(self, tried: dict[str, Any]) -> bool:
        try:
            login = self.settings_dict["LOGIN"]()
        except CallError as error:
            logger.error("The secret of the database cannot be read: %s", error.code)  # noqa: TRY400 - the code is enough
            return False
        self.settings_dict.update(login)
        return (login["USER"], login["PASSWORD"]) != (tried.get("user"), tried.get("password"))


def _password_was_asked(error: Exception) -> bool:
    """Whether the server asked for a password, which an unreachable server does not. libpq has no
    SQLSTATE for a failed connection (28P01), and its message is in the server's language.
    """
    connection = getattr(error, "pgconn", None)
    return bool(connection and connection.used_password)
