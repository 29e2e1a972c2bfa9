"""What a WSGI server loads: ``gunicorn wsgi:app``."""

from queueapp.web.server import make_app

app = make_app()
