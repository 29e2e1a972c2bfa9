"""The web server: gunicorn with settings and a worker of our own; the application is ``app``."""
