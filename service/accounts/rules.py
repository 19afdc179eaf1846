"""What can be wrong about accounts."""

from service.kit.errors import NotFound


class AccountNotFound(NotFound):
    """There is no such account."""
