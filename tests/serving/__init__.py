"""Servers for tests and benchmarks that speak like OpenAI's, on loopback only, with faults to order."""
