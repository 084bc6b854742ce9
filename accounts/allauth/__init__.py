"""Where allauth meets the product: its adapter, the error shape, the OpenAPI document."""
