"""The flag evaluation engine: the standard library, mmh3 and orjson. No Django, no clock, no input or output,
and only relative imports inside, because the Python client ships these same files."""
