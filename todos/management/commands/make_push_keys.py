import base64
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print new keys for notifications. After a change, browsers must subscribe again."

    def handle(self, *args: Any, **options: Any) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - slow to import
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            Encoding,
            PublicFormat,
        )

        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_numbers().private_value.to_bytes(32, "big")
        public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.stdout.write(f"PUSH_PRIVATE_KEY={_text(secret)}")
        self.stdout.write(f"PUSH_PUBLIC_KEY={_text(public)}")


def _text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()
