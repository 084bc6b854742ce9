"""The login of a database whose password AWS manages, and changes every seven days by default."""

import json

from config import aws


def login(arn: str) -> dict[str, str]:
    """USER and PASSWORD, as they are now; aws.CallError where they cannot be had.

    The shape is that of RDS: docs.aws.amazon.com/secretsmanager, "JSON structure of secrets".
    """
    answer = aws.call("secretsmanager", "GetSecretValue", {"SecretId": arn})
    try:
        secret = json.loads(answer["SecretString"])
        return {"USER": str(secret["username"]), "PASSWORD": str(secret["password"])}
    except (KeyError, TypeError, ValueError):
        raise aws.CallError("it holds no username and password") from None
