"""The atlas: 69 cities from the 1920s to the 2020s, as data files that people edit. It knows places and times, no persona."""
