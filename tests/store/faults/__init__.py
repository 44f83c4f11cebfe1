"""Faults that must lose nothing: killed processes, many writers, flipped bytes, full disks, servers that go away."""
