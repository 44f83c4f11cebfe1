"""The ground: what every floor stands on (the root error, ids, the clock, settings, diagnostics, the terminal).

It knows nothing of seekers, supporters or logs.
"""
