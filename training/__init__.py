"""What is learned: from the log to datasets, models and proof. It reads the log through `replay`, never through SQL."""

__all__: list[str] = []
