"""What a WSGI server loads: ``gunicorn wsgi:app``."""

from queueapp.app import create_app
from queueapp.config import from_env

app = create_app(from_env())
