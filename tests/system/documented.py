"""How examples of a document are made to run here: their address, a browser for scripts."""

import re

# The document's address names another product's host; nothing of it is kept here.
ITS_ADDRESS = re.compile(r"'https://your-[a-z]+-instance\.com'")
# A browser would fill in its own origin and its own variable.
BROWSER = (
    "const token = {key!r};\nconst real = fetch;\n"
    "globalThis.fetch = (u, o) => real({base!r} + u, o);\n"
)
