"""How fast the API is: beside an empty endpoint, and on long queues beside short ones."""
