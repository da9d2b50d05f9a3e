"""What every refusal of a change is: each kind says what would be possible."""


class SeatsError(Exception):
    """A change of seats that cannot be made. Each kind says what would be possible."""
