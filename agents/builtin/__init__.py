"""The built-in engine: a Seeker, a Supporter and a judge that follow rules, need no key and no network, and say so."""
