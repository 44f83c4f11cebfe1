"""Personas: how they are drawn, what makes one plausible, who is planned. They know the atlas and the catalogue, no log."""
