"""What a DeviceCommand job does: the session with the device, templates, parsing.

netmiko is imported when a job runs, never when the job types are loaded.
"""
