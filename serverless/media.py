"""Private files in a bucket, which clients download and upload through short-lived links."""

from typing import Any, Final

from storages.backends.s3 import S3Storage

MEMORY: Final = 2 * 1024 * 1024  # bytes of a file in memory; the rest is on the disk


class MediaStorage(S3Storage):  # type: ignore[misc]  # django-storages is untyped
    """No file is public. Version 4 signatures bind a link to a file, a method and a length."""

    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "max_memory_size": MEMORY}

    def upload_link(self, name: str, size: int, media_type: str) -> dict[str, Any]:
        """A link for an upload of exactly `size` bytes."""
        parameters = {
            "Bucket": self.bucket_name,
            "Key": name,
            "ContentLength": size,
            "ContentType": media_type,
        }
        url = self.connection.meta.client.generate_presigned_url(
            "put_object", Params=parameters, ExpiresIn=self.querystring_expire
        )
        return {"method": "PUT", "url": url, "headers": {"Content-Type": media_type}}

    def download_link(self, name: str, shown_as: str) -> str:
        disposition = f'attachment; filename="{shown_as}"'
        return str(self.url(name, parameters={"ResponseContentDisposition": disposition}))
