"""What an auditor came to find out."""


class Fault(Exception):
    """Something in the log, its export or its evidence that is not as it must be."""


class Unusable(Exception):
    """Nothing can be said: a file or an option that is missing or of another kind."""
