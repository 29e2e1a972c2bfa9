"""The API document: what the blueprints declare is collected, finished, and told in 3.0, too."""
