"""A database whose password AWS manages and rotates, every seven days by default.

ENGINE "serverless.rds" is Django's PostgreSQL backend with such a login.
"""

import json

from serverless.aws import Aws, CallError


def login(arn: str, aws: Aws) -> dict[str, str]:
    """The current USER and PASSWORD. Raises CallError if they cannot be read.

    The format of RDS: docs.aws.amazon.com/secretsmanager, "JSON structure of secrets".
    """
    answer = aws.call("secretsmanager", "GetSecretValue", {"SecretId": arn})
    try:
        secret = json.loads(answer["SecretString"])
        return {"USER": str(secret["username"]), "PASSWORD": str(secret["password"])}
    except (KeyError, TypeError, ValueError):
        raise CallError("it holds no username and password") from None
