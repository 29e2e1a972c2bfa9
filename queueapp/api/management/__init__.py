"""The Job Management API: five plain calls for monitoring scripts, in an envelope of their own.

It has its own document, its own errors and its own words for statuses; what it shows and does is
what the other API shows and does.
"""
