"""What a job is and how it moves: plain values and rules, standard library only.

Every other room builds on this one; nothing here reads a clock or does I/O.
Times are integer milliseconds since the epoch, durations say their unit in the name.
"""
