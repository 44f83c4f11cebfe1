"""Seeker, Supporter and judge voiced by a chat model: their prompts, and the check of what comes back. It knows no server and no log."""
