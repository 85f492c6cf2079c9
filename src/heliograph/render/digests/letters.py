"""Letters to those outside: one strategic customer, and everyone who asked for updates of the public page."""

from heliograph.render.digests.customer import customer
from heliograph.render.digests.subscribers import subscribers

__all__ = ["customer", "subscribers"]
