"""Private files in a bucket, which clients read and send by links that end soon."""

from typing import Any, Final

from storages.backends.s3 import S3Storage

MEMORY: Final = 2 * 1024 * 1024  # bytes of a file that is read; the rest waits on the disk


class MediaStorage(S3Storage):  # type: ignore[misc]  # django-storages is untyped
    """No file is public; Version 4 signatures bind a link to one file, one method, one length."""

    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "max_memory_size": MEMORY}

    def upload_link(self, name: str, size: int, media_type: str) -> dict[str, Any]:
        """For exactly so many bytes."""
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
