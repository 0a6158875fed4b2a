"""The room protocol: every message of both sockets, its refusals and its close codes.

JSON texts are msgspec structs tagged by `type`; audio frames are binary. `tests/wire/*.json` holds golden messages
that pytest and vitest both read.
"""
