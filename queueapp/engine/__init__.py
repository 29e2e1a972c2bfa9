"""The verbs of the product, for the web process and workers alike: neither knows of HTTP here."""
