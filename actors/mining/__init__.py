"""Process mining on a cleaned event log: pure functions from frames to numbers, pictures, files.

The ProcessMining job calls this package; it knows nothing of jobs, stores or the network.
Each analysis returns plain builtins that go into one document, and the report, the map and
the JSON file are all drawn from that document, so their numbers cannot differ.
"""
