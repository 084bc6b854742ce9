"""The integration of allauth: adapter, error shape, OpenAPI document."""
